"""Burst: 300 customers at once, a model that takes one second, one worker: when the last of them is answered.

Every process is real. How many requests the model had in flight at once is counted by the model.
"""

import aiohttp

from bench.figure import Figure, quantile, rounded
from bench.traffic import drive, errands, metric
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

CUSTOMERS = 300
_CHANNELS = ("whatsapp",)
_AT_ONCE = 1e9  # arrivals a second
_WITHIN = 30.0
_SETTINGS = "rate_per_minute: 1000000\n"


async def run() -> list[Figure]:
    """Measure one burst, after a small one that warms everything up.

    Raises:
        Failed: somebody was answered wrongly, twice, or not at all.
    """
    async with System(Plan(llm=("--latency", "fixed:1s"), settings=_SETTINGS)) as system:
        await drive(system, errands(20, seed=1, channels=_CHANNELS), per_second=_AT_ONCE, within=_WITHIN)
        async with aiohttp.ClientSession() as session:
            await system.llm(session).reset()
            before = await metric(system, "worker", "process_cpu_seconds_total")
            report = await drive(system, errands(CUSTOMERS, channels=_CHANNELS), per_second=_AT_ONCE, within=_WITHIN)
            model = await system.llm(session).stats()
            spent = await metric(system, "worker", "process_cpu_seconds_total") - before
    if report.problems:
        raise Failed(f"{len(report.problems)} problems, the first: {report.problems[0]}")
    return [
        Figure("burst300.last", rounded(max(report.seconds)), "s", "goal: under 4 s"),
        Figure("burst300.p50", rounded(quantile(report.seconds, 0.5)), "s"),
        Figure("burst300.in_flight", float(model["in_flight_max"]), "calls", "goal: 300"),
        Figure("burst300.calls", float(model["requests"]), "calls"),
        Figure("burst300.cpu", rounded(1000 * spent / CUSTOMERS), "ms/turn"),
    ]

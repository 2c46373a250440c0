"""Latency: gpt-4o-mini's pace, 12 turns a second at random, one worker, every process real: share answered under 3 s.

From the moment Chatwoot accepts the customer's message to the moment it accepts our reply, the burst window inside.
Every message is a turn of its own in a conversation of its own, and asks something that no cache can know.
"""

import asyncio

import aiohttp

from bench.figure import Figure, quantile, rounded
from bench.traffic import Report, drive, errands, metric
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

PER_SECOND = 12.0
SECONDS = 60
GOAL = 3.0
_CHANNELS = ("whatsapp", "webchat", "instagram", "telegram")  # mail is longer, and nobody waits in front of it
_WARM = 24
_WITHIN = 30.0
_CURVE = "gpt-4o-mini"
_SETTINGS = "rate_per_minute: 100000\n"


async def run() -> list[Figure]:
    """Measure one minute of it.

    Raises:
        Failed: somebody was answered wrongly, twice, or not at all.
    """
    async with System(Plan(llm=("--latency", _CURVE), settings=_SETTINGS)) as system:
        await drive(system, errands(_WARM, seed=1, channels=_CHANNELS), per_second=PER_SECOND, within=_WITHIN)
        before = await _counts(system)
        wanted = errands(int(PER_SECOND * SECONDS), channels=_CHANNELS)
        report = await drive(system, wanted, per_second=PER_SECOND, within=_WITHIN)
        after = await _counts(system)
    if report.problems:
        raise Failed(f"{len(report.problems)} problems, the first: {report.problems[0]}")
    return figures(report, *(now - then for now, then in zip(after, before, strict=True)))


async def _counts(system: System) -> tuple[float, float, float]:
    """Return second requests, requests to the model, and seconds of the worker's CPU."""
    await asyncio.sleep(0.2)  # the last requests are counted when their connections are let go
    hedged = await metric(system, "worker", "chatwootai_hedges_total", 'fate="made"')
    requests = float((await _stats(system))["requests"])
    return hedged, requests, await metric(system, "worker", "process_cpu_seconds_total")


async def _stats(system: System) -> dict[str, float]:
    async with aiohttp.ClientSession() as session:
        return await system.llm(session).stats()


def figures(report: Report, hedged: float, requests: float, cpu: float) -> list[Figure]:
    """Return what a minute of it came to."""
    seconds = report.seconds
    under = sum(each < GOAL for each in seconds) / report.errands
    shares = [
        Figure("latency.p50", rounded(quantile(seconds, 0.50)), "s"),
        Figure("latency.p95", rounded(quantile(seconds, 0.95)), "s"),
        Figure("latency.p99", rounded(quantile(seconds, 0.99)), "s", "goal: under 3.5 s"),
    ]
    return [
        Figure("latency.under_3s", rounded(100 * under), "%", "goal: 98 %"),
        *shares,
        Figure("latency.hedged", rounded(100 * hedged / max(1.0, requests - hedged)), "%", "goal: under 6 %"),
        Figure("latency.cpu", rounded(1000 * cpu / report.errands), "ms/turn"),
    ]

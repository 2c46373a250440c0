"""Jobs a second of one worker process whose jobs do nothing, and its CPU a job, against arq's own worker; peers beside.

Each with the slots it has by default, in turns on a fresh Redis of the same kind, all jobs there before it starts. What
disturbs a round can only slow it, so the best round of each counts. Jobs a second need a core that nobody else wants;
CPU a job does not.
"""

from collections.abc import Sequence

from chatwootai.stores.embedded import Embedded
from sandbox.bench.beside import Peers
from sandbox.bench.figure import Figure, best
from sandbox.bench.queues import ARQ, OURS, bench

_ROUNDS = 3
_JOBS = {OURS: 6000, ARQ: 600, "saq": 2000, "streaq": 2000, "taskiq": 6000}  # about two seconds of each
_SLOTS = {OURS: 400, ARQ: 10, "saq": 10, "streaq": 16, "taskiq": 100}  # each its own default
_PLAINLY = "arq's own worker, its defaults"

Measured = dict[str, list[tuple[float, float]]]
"""Jobs a second and CPU microseconds a job, of each round, by name."""


async def run(peers: Peers | None = None) -> list[Figure]:
    """Measure all in turns."""
    measured: Measured = {name: [] for name in _JOBS}
    for _ in range(_ROUNDS):
        for name, rounds in measured.items():
            if name in {OURS, ARQ}:
                rounds.append(await _rate(name))
            elif peers is not None:
                rounds.extend(await _peer(peers, name))
    return figures(measured)


def figures(measured: Measured) -> list[Figure]:
    """Ours and each peer's that was measured, by arq's own; then ours by each peer's."""
    rates = {name: [rate for rate, _ in rounds] for name, rounds in measured.items() if rounds}
    costs = {name: [cost for _, cost in rounds] for name, rounds in measured.items() if rounds}
    return [
        best("jobs.throughput", "jobs/s", rates[OURS], rates[ARQ], _PLAINLY, most=True),
        best("jobs.cpu", "us/job", costs[OURS], costs[ARQ], _PLAINLY),
        *(figure for name in rates if name not in {OURS, ARQ} for figure in _beside(name, rates, costs)),
    ]


def _beside(name: str, rates: dict[str, list[float]], costs: dict[str, list[float]]) -> Sequence[Figure]:
    return (
        best(f"jobs.{name}.throughput", "jobs/s", rates[name], rates[OURS], "ours", most=True),
        best(f"jobs.{name}.cpu", "us/job", costs[name], costs[OURS], "ours"),
    )


async def _rate(kind: str) -> tuple[float, float]:
    async with bench(kind) as one:
        jobs = _JOBS[kind]
        await one.enqueue_all(f"{number % 20}:{number}" for number in range(jobs))
        await one.work("--slots", str(_SLOTS[kind]))
        began = sorted((await one.begun(jobs, 60)).values())
        return (jobs - 1) / (began[-1] - began[0]), await one.spent() / jobs * 1e6


async def _peer(peers: Peers, name: str) -> list[tuple[float, float]]:
    with Embedded.start() as one:
        arguments = ("--redis", one.url, "--jobs", str(_JOBS[name]), "--slots", str(_SLOTS[name]))
        found = await peers.measured(name, *arguments)
    return [] if found is None else [(found["per_second"], found["cpu"])]

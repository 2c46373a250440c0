"""Jobs a second of one worker process whose jobs do nothing, against arq's own worker."""

from sandbox.bench.figure import Figure, compared
from sandbox.bench.queues import ARQ, OURS, bench

_ROUNDS = 3
_JOBS = {OURS: 6000, ARQ: 600}  # about two seconds of each
_SLOTS = {OURS: ("--slots", "400"), ARQ: ("--slots", "10")}  # each its own default
_PLAINLY = "arq's own worker, its defaults"


async def run() -> list[Figure]:
    """Measure both in turns."""
    rates: dict[str, list[float]] = {OURS: [], ARQ: []}
    for _ in range(_ROUNDS):
        for kind in (OURS, ARQ):
            rates[kind].append(await _rate(kind))
    return [compared("jobs.throughput", "jobs/s", rates[OURS], rates[ARQ], _PLAINLY)]


async def _rate(kind: str) -> float:
    async with bench(kind) as one:
        jobs = _JOBS[kind]
        await one.enqueue_all(f"{number % 20}:{number}" for number in range(jobs))
        await one.work(*_SLOTS[kind])
        began = sorted((await one.begun(jobs, 60)).values())
    return (jobs - 1) / (began[-1] - began[0])

"""A quiet tenant beside one that floods: admission to the end of its jobs of 50 ms, 10 slots, against being alone."""

import asyncio

from bench.figure import Figure, compared, quantile
from bench.queues import OURS, Bench, bench

_JOBS, _FLOOD = 100, 6000
_JOB_SECONDS = 0.05


async def run() -> list[Figure]:
    """Measure the quiet tenant alone, then with the flood waiting before it."""
    alone, flooded = await _seconds(0), await _seconds(_FLOOD)
    return [
        compared(f"fair.quiet.p{share * 100:g}", "ms", [_ms(flooded, share)], [_ms(alone, share)], "the same, alone")
        for share in (0.5, 0.95)
    ]


def _ms(seconds: list[float], share: float) -> float:
    return quantile(seconds, share) * 1000


async def _seconds(flood: int) -> list[float]:
    async with bench(OURS) as one:
        return await quiet(one, flood)


async def quiet(one: Bench, flood: int = _FLOOD) -> list[float]:
    """Return what each of a quiet tenant's jobs took, in seconds, `flood` jobs of another tenant before it."""
    await one.enqueue_all(f"flood:{number}" for number in range(flood))
    await one.work("--slots", "10", "--sleep", str(_JOB_SECONDS))
    given = {}
    for number in range(_JOBS):
        await asyncio.sleep(0.04)
        given[f"quiet:{number}"] = await one.enqueue(f"quiet:{number}")
    took: list[float] = []
    while len(took) < _JOBS:
        begun = await one.begun(1, 10)
        took = [begun[name] - at + _JOB_SECONDS for name, at in given.items() if name in begun]
        await asyncio.sleep(0.05)
    return took

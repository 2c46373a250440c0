"""Pickup: from before a job is given to its first line, idle and at 200 a second, against arq's own worker."""

import asyncio
import time

from bench.figure import Figure, compared, quantile
from bench.queues import ARQ, OURS, Bench, bench

_IDLE = 30
_RATE, _SECONDS = 200, 3
_PLAINLY = "arq's own worker, its defaults"

Waited = dict[str, list[float]]


async def run() -> list[Figure]:
    """Measure both kinds, idle and loaded."""
    measured = {kind: await _measure(kind) for kind in (OURS, ARQ)}
    figures = []
    for name, share in (("idle", 0.5), ("200/s", 0.5), ("200/s", 0.99)):
        ours, plain = (quantile(measured[kind][name], share) * 1000 for kind in (OURS, ARQ))
        figures.append(compared(f"pickup.{name}.p{share * 100:g}", "ms", [ours], [plain], _PLAINLY))
    return figures


async def _measure(kind: str) -> Waited:
    async with bench(kind) as one:
        await one.work("--slots", "400" if kind == OURS else "10")
        return await waited(one)


async def waited(one: Bench) -> Waited:
    """Return how long jobs waited for a worker that has nothing else to do, in seconds: one now and then, and many."""
    given: dict[str, float] = {}
    already = await one.count()
    for number in range(_IDLE):
        await asyncio.sleep(0.13)  # out of step with arq's half second
        given[f"idle:{number}"] = await one.enqueue(f"idle:{number}")
    begin = time.monotonic()
    for number in range(_RATE * _SECONDS):
        await asyncio.sleep(max(0.0, begin + number / _RATE - time.monotonic()))
        given[f"load:{number}"] = await one.enqueue(f"load:{number}")
    begun = await one.begun(already + len(given), 30)
    took = {name: begun[name] - at for name, at in given.items()}
    return {
        "idle": [seconds for name, seconds in took.items() if name.startswith("idle")],
        "200/s": [seconds for name, seconds in took.items() if name.startswith("load")],
    }

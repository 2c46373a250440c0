"""An urgent job behind 10,000 waiting ones of 50 ms, 10 slots of which 2 are the high lane's: how long it waits."""

import asyncio

from bench.figure import Figure, compared, quantile
from bench.queues import OURS, Bench, bench

_WAITING, _URGENT = 10_000, 100


async def run() -> list[Figure]:
    """Measure, against the time that the queue before it would take (what first come, first served would cost)."""
    async with bench(OURS) as one:
        took = await waited(one)
    behind = _WAITING * 0.05 / 8 * 1000
    return [
        compared(f"urgent.p{share * 100:g}", "ms", [quantile(took, share) * 1000], [behind], "first come, first served")
        for share in (0.5, 0.99)
    ]


async def waited(one: Bench) -> list[float]:
    """Return how long each urgent job waited, in seconds."""
    await one.enqueue_all((f"shop:{number}" for number in range(_WAITING)), priority=1)
    await one.work("--slots", "8", "--reserved", "2", "--sleep", "0.05")
    given = {}
    for number in range(_URGENT):
        await asyncio.sleep(0.05)
        given[f"urgent:{number}"] = await one.enqueue(f"urgent:{number}", priority=10)
    took: list[float] = []
    while len(took) < _URGENT:
        begun = await one.begun(1, 10)
        took = [begun[name] - at for name, at in given.items() if name in begun]
        await asyncio.sleep(0.05)
    return took

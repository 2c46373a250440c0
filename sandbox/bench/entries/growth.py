"""Growth: jobs a second and pickup with 10,000 tenants and 100,000 open conversations, against 10 and 1,000.

Open conversations are put off until tomorrow: each has its state, its job and its place in every index.
"""

import asyncio

from chatwootai.stores.conversations import Conversations
from sandbox.bench.figure import Figure, compared, quantile
from sandbox.bench.queues import OURS, Bench, bench

_JOBS, _PICKUPS, _ROUNDS = 10_000, 60, 2
_SMALL, _LARGE = (10, 1_000), (10_000, 100_000)
_TOMORROW = 86_400.0
_PLAINLY = f"{_SMALL[0]} tenants, {_SMALL[1]} open conversations"


async def run() -> list[Figure]:
    """Measure both sizes in turns."""
    small: list[tuple[float, float]] = []
    large: list[tuple[float, float]] = []
    for _ in range(_ROUNDS):
        small.append(await _measure(*_SMALL))
        large.append(await _measure(*_LARGE))
    return [
        compared(name, unit, [one[at] for one in large], [one[at] for one in small], _PLAINLY)
        for at, (name, unit) in enumerate([("growth.throughput", "jobs/s"), ("growth.pickup.p50", "ms")])
    ]


async def _measure(tenants: int, conversations: int) -> tuple[float, float]:
    async with bench(OURS) as one:
        await _put_off(one, conversations, tenants)
        await one.enqueue_all(f"{number % tenants}:{10_000_000 + number}" for number in range(_JOBS))
        await one.work("--slots", "400")
        began = sorted((await one.begun(_JOBS, 60)).values())
        rate = (_JOBS - 1) / (began[-1] - began[0])
        return rate, await _pickup(one)


async def _pickup(one: Bench) -> float:
    given = {}
    for number in range(_PICKUPS):
        await asyncio.sleep(0.02)
        given[f"idle:{number}"] = await one.enqueue(f"idle:{number}")
    begun = await one.begun(_JOBS + _PICKUPS, 20)
    return quantile([begun[name] - at for name, at in given.items()], 0.5) * 1000


async def _put_off(one: Bench, count: int, tenants: int) -> None:
    conversations = Conversations(one.connection)
    gate = asyncio.Semaphore(200)

    async def open_one(number: int) -> None:
        name = f"{number % tenants}:{number}"
        async with gate:
            await one.enqueue(name)
            begun = await conversations.begin(name, f"turn:{name}:1", "bench")
            if begun is not None:
                await conversations.again(begun.hold, after=_TOMORROW, count=False)

    await asyncio.gather(*(open_one(number) for number in range(count)))

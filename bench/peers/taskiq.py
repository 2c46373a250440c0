"""taskiq with its Redis stream broker, the one that acknowledges: a job of a worker that dies is not lost."""

import asyncio

from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

from bench.peers.race import Race, main


async def _run(race: Race) -> None:
    broker = RedisStreamBroker(race.url)

    @broker.task
    async def turn(name: str) -> None:
        race.begin()

    await broker.startup()
    await asyncio.gather(*(turn.kiq(str(each)) for each in range(race.jobs)))
    working = asyncio.create_task(run_receiver_task(broker, max_async_tasks=race.slots))
    await race.over.wait()
    working.cancel()
    await asyncio.wait({working}, timeout=3)
    await broker.shutdown()


main(_run)

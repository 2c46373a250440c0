"""streaq: a stream read by one producer for all slots; results not kept, nothing logged of a task."""

import asyncio

from streaq import Worker

from bench.peers.race import Race, main


async def _run(race: Race) -> None:
    worker: Worker[None] = Worker(redis_url=race.url, concurrency=race.slots, handle_signals=False)

    @worker.task(ttl=0, silent=True)
    async def turn(name: str) -> None:
        race.begin()

    async with worker:
        await worker.enqueue_many([turn.enqueue(str(each)) for each in range(race.jobs)])
    working = asyncio.create_task(worker.run_async())
    await race.over.wait()
    working.cancel()
    await asyncio.wait({working}, timeout=3)


main(_run)

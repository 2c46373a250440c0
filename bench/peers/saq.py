"""saq: a connection a slot, waiting in BLMOVE; results not kept."""

import asyncio
from typing import Any

from saq import Job, Worker
from saq.queue.redis import RedisQueue

from bench.peers.race import Race, main


async def _run(race: Race) -> None:
    async def turn(_ctx: dict[str, Any], *, name: str) -> None:
        race.begin()

    queue = RedisQueue.from_url(race.url)  # Queue.from_url knows no unix:// addresses
    await asyncio.gather(*(queue.enqueue(Job("turn", kwargs={"name": str(each)}, ttl=-1)) for each in range(race.jobs)))
    await queue.sweep()  # or the worker's first sweep, a minute's lock, would abort what has just been taken
    worker = Worker(queue, functions=[("turn", turn)], concurrency=race.slots)
    working = asyncio.create_task(worker.start())
    await race.over.wait()
    working.cancel()
    await asyncio.wait({working}, timeout=3)


main(_run)

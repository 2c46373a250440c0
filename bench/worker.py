"""A worker whose jobs do nothing but note when they began: ours, or arq's own with its defaults.

`python -m bench.worker ours|arq --redis URL [--slots N --reserved N --sleep SECONDS]`: each job's beginning
goes to the list `bench:begun` as `name seconds`, in batches, so that noting it costs the job next to nothing; with them
`bench:spent`, the seconds of CPU so far.
"""

import argparse
import asyncio
import time
from typing import Any

import uvloop
from arq.connections import RedisSettings
from arq.worker import Function, func
from arq.worker import Worker as ArqWorker

from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection, connect
from workers.process.environment import worker_id
from workers.process.job_functions import pack, unpack
from workers.process.worker import Worker

BEGUN = "bench:begun"
READY = "bench:ready"
SPENT = "bench:spent"
_FLUSH_SECONDS = 0.05


class Notes:
    """Start times of jobs, on their way to Redis."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._begun: list[str] = []

    def note(self, name: str) -> None:
        """Note that `name` begins now."""
        self._begun.append(f"{name} {time.time():.6f}")

    async def flush(self) -> None:
        """Bring notes to Redis, for ever."""
        await self._connection.rpush(READY, time.process_time())  # type: ignore[misc]
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            begun, self._begun = self._begun, []
            await self._connection.set(SPENT, time.process_time())
            if begun:
                await self._connection.rpush(BEGUN, *begun)  # type: ignore[misc]


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m bench.worker", description=__doc__)
    parser.add_argument("kind", choices=["ours", "arq"])
    parser.add_argument("--redis", required=True)
    parser.add_argument("--slots", type=int, default=10)
    parser.add_argument("--reserved", type=int, default=0)
    parser.add_argument("--sleep", type=float, default=0.0)
    given = parser.parse_args()
    if given.kind == "ours":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_ours(given))
    else:
        asyncio.run(_arq(given))


def _turn(notes: Notes, seconds: float) -> Function:
    async def turn(ctx: dict[str, Any], conv: str) -> None:
        notes.note(conv)
        if seconds:
            await asyncio.sleep(seconds)

    return func(turn, name="turn")


async def _ours(given: argparse.Namespace) -> None:
    connection = connect(given.redis, timeout=5.0)
    notes = Notes(connection)

    worker = Worker(
        queue=Queue(connection, worker_id(), lease=5.0),
        connection=connection,
        reserved=given.reserved,
        grace=1.0,
        functions=[_turn(notes, given.sleep)],
        max_jobs=given.slots,
        job_serializer=pack,
        job_deserializer=unpack,
    )
    flush = asyncio.create_task(notes.flush())
    await worker.async_run()
    flush.cancel()


async def _arq(given: argparse.Namespace) -> None:
    connection = connect(given.redis, timeout=5.0)
    notes = Notes(connection)

    settings = RedisSettings.from_dsn(given.redis)
    worker = ArqWorker(functions=[_turn(notes, given.sleep)], redis_settings=settings, max_jobs=given.slots)
    flush = asyncio.create_task(notes.flush())
    await worker.async_run()
    flush.cancel()


if __name__ == "__main__":
    main()

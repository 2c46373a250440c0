"""Our Worker and its leases, on a real Redis: what it does when they end, and when Redis is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from arq.worker import func

from chatwootai.stores import keys
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from tests.integration.chatwootai.stores.test_stores_mended import JOB, admit
from workers.process.job_functions import pack, unpack
from workers.process.worker import Worker


class Bench:
    """A worker whose only turn waits until it is told to end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.begun: list[str] = []
        self.may_end = asyncio.Event()
        self.runs = asyncio.Event()
        self.worker = Worker(
            queue=Queue(connection, "w1", lease=30),
            connection=connection,
            reserved=0,
            grace=0,
            functions=[func(self.turn, name="turn")],  # type: ignore[arg-type]
            job_serializer=pack,
            job_deserializer=unpack,
            handle_signals=False,
        )

    async def turn(self, ctx: dict[str, Any], conv: str) -> None:
        self.begun.append(ctx["job_id"])
        self.runs.set()
        await self.may_end.wait()


@pytest.fixture
async def bench(redis: Connection) -> AsyncIterator[Bench]:
    bench = Bench(redis)
    main = asyncio.create_task(bench.worker.main())
    yield bench
    bench.worker._stopping.set()
    await asyncio.wait_for(main, 10)


async def until(so: Callable[[], Awaitable[bool]]) -> None:
    """Redis does not call back: ask it."""
    async with asyncio.timeout(10):
        while not await so():  # noqa: ASYNC110 - what is asked is Redis
            await asyncio.sleep(0.01)


async def _is_ours_again(redis: Connection) -> bool:
    return await redis.zscore(keys.LEASES, JOB) != 1


async def _have_begun(bench: Bench, turns: int) -> bool:
    return len(bench.begun) >= turns


async def _nothing_runs(redis: Connection) -> bool:
    return not await redis.exists(keys.LEASES)


async def test_a_worker_that_finds_its_own_ended_lease_goes_on(redis: Connection, bench: Bench) -> None:
    await admit(redis)
    await bench.runs.wait()
    await redis.zadd(keys.LEASES, {JOB: 1})
    await redis.lpush(keys.WAKE, b"1")  # type: ignore[misc]
    await until(lambda: _is_ours_again(redis))
    await admit(redis, 2)  # whatever it did with its own job, it has done before it begins this one
    await until(lambda: _have_begun(bench, 2))
    assert bench.begun == [JOB, "turn:a:2:1"]
    bench.may_end.set()
    await until(lambda: _nothing_runs(redis))
    assert await redis.exists(keys.RUNNING) == 0


async def test_a_worker_stops_while_redis_hangs() -> None:
    with Embedded.start() as server:
        connection = connect(server.url, timeout=0.5, retries=0)
        bench = Bench(connection)
        main = asyncio.create_task(bench.worker.main())
        await admit(connection)
        await bench.runs.wait()
        server.kill()
        bench.worker._slot_freed.set()
        bench.worker._stopping.set()
        await asyncio.wait_for(main, 10)
        await connection.aclose()

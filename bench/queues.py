"""Two queues under the same load: ours, and arq as it comes. Enqueue, let a real worker process run, read when."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from arq.connections import ArqRedis, RedisSettings, create_pool

from bench.worker import BEGUN, READY, SPENT
from chatwootai.model.message.delivery import Contact, Delivery, Message
from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from sandbox.installation.processes import Failed, Process, stop

OURS, ARQ = "ours", "arq"
_START_SECONDS = 30.0
_END_SECONDS = 30.0
_PAUSE = 0.02


class Bench:
    """An embedded Redis and the workers of one kind on it."""

    def __init__(self, kind: str, redis: Embedded, connection: Connection, folder: Path) -> None:
        self.kind = kind
        self.redis = redis
        self.connection = connection
        self.mailbox = Mailbox(connection, most_waiting=10_000_000)
        self.workers: list[Process] = []
        self._started = 0.0
        self._arq: ArqRedis | None = None
        self._folder = folder

    async def work(self, *arguments: str) -> Process:
        """Start one more worker, and return when it takes jobs."""
        name = f"worker-{len(self.workers) + 1}"
        given = (self.kind, "--redis", self.redis.url, *arguments)
        worker = Process(name, "bench.worker", *given, environ={"LOG_LEVEL": "ERROR"}, folder=self._folder)
        worker.start()
        self.workers.append(worker)
        ready = await self.connection.execute_command("BLPOP", READY, _START_SECONDS)  # type: ignore[no-untyped-call]
        if ready is None:
            raise Failed(f"{name} did not start; its log ends:\n{worker.tail()}")
        self._started += float(ready[1])
        return worker

    async def spent(self) -> float:
        """Return seconds of CPU that the worker (of one) has used for its jobs, once it has ended the last.

        Raises:
            TimeoutError: it does not come to an end.
        """
        unfinished = keys.LEASES if self.kind == OURS else keys.QUEUE
        async with asyncio.timeout(_END_SECONDS):
            await self._until("ZCARD", unfinished, 0)
            await self.connection.delete(SPENT)  # what is noted after this is of all jobs
            await self._until("EXISTS", SPENT, 1)
        return float(await self.connection.get(SPENT) or 0) - self._started

    async def _until(self, command: str, key: str, answer: int) -> None:
        while True:
            if await self.connection.execute_command(command, key) == answer:  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(_PAUSE)

    async def enqueue(self, name: str, *, priority: int = 5) -> float:
        """Give one job, named `account:conversation`; returns the moment before it was given."""
        began = time.time()
        if self.kind == OURS:
            await self.mailbox.admit(_delivery(name), priority=priority)
        else:
            await (await self._pool()).enqueue_job("turn", name, _job_id=name)
        return began

    async def enqueue_all(self, names: Iterable[str], *, priority: int = 5) -> None:
        """Give many jobs, as fast as it goes."""
        gate = asyncio.Semaphore(200)

        async def one(name: str) -> None:
            async with gate:
                await self.enqueue(name, priority=priority)

        await asyncio.gather(*(one(name) for name in names))

    async def count(self) -> int:
        """Return how many jobs have begun."""
        return int(await self.connection.llen(BEGUN))  # type: ignore[misc]

    async def begun(self, count: int, seconds: float) -> dict[str, float]:
        """Return when the first `count` jobs began, by name, once they have.

        Raises:
            Failed: they did not within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while await self.count() < count:
            if time.monotonic() > deadline:
                raise Failed(f"{await self.count()} of {count} jobs began in {seconds:g} s")
            await asyncio.sleep(_PAUSE)
        notes = [note.decode().rpartition(" ") for note in await self.connection.lrange(BEGUN, 0, -1)]  # type: ignore[misc]
        return {name: float(at) for name, _, at in notes}

    async def _pool(self) -> ArqRedis:
        if self._arq is None:
            self._arq = await create_pool(RedisSettings.from_dsn(self.redis.url))
        return self._arq

    async def close(self) -> None:
        """End the workers."""
        await asyncio.to_thread(stop, self.workers)
        if self._arq is not None:
            await self._arq.aclose()


@asynccontextmanager
async def bench(kind: str, stock: Path | None = None) -> AsyncIterator[Bench]:
    """Yield a fresh Redis for one measurement; with a copy of what is in the folder `stock`."""
    with TemporaryDirectory(prefix="chatwootai-bench-") as folder:
        data = Path(folder, "redis")
        if stock is not None:
            await asyncio.to_thread(shutil.copytree, stock, data, copy_function=_link_files)
        with Embedded.start(data) as redis:
            connection = connect(redis.url, timeout=40.0)
            one = Bench(kind, redis, connection, Path(folder))
            try:
                yield one
            finally:
                await one.close()
                await connection.aclose()


def _link_files(source: str, target: str) -> None:
    """Link what Redis only reads: a hundred fresh megabytes on their way to the disk would delay what it writes."""
    if ".base." in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _delivery(name: str) -> Delivery:
    account, _, conversation = name.rpartition(":")
    message = Message(id=1, text="Oi", at=0.0)
    return Delivery(
        account=account,
        conversation=int(conversation),
        inbox=1,
        channel="whatsapp",
        message=message,
        contact=Contact(id=1),
        received_at=time.time(),
    )

"""Jobs: claimed under a lease, renewed, retired, released. The rule of who is next stands in lua/queue.lua."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from chatwootai.stores.keys import WAKE, worker
from chatwootai.stores.server.connection import Connection, StoreUnavailable, store_errors
from chatwootai.stores.server.scripts import Runner


@dataclass(frozen=True, slots=True)
class Claimed:
    """One job to run. `blob` is arq's own form of it; `lost`: its earlier run died with its worker."""

    job: str
    blob: bytes
    lost: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The result of a claim.

    `due`: seconds until something falls due or a lease ends (None: nothing known); `waiting`: tenants that still have
    jobs, for which this worker had no slot.
    """

    jobs: tuple[Claimed, ...]
    due: float | None
    waiting: int


class Queue:
    """The queue, as one worker sees it."""

    def __init__(self, connection: Connection, worker_id: str, *, lease: float) -> None:
        """`lease` in seconds: what a dead worker's jobs wait, and three times what the loop may ever stand still."""
        self._connection = connection
        self._runner = Runner.of(connection)
        self.worker = worker_id
        self.lease = lease

    async def claim(self, free: int, high: int = 0, *, spare: int = 0, most: int = 1000) -> Claim:
        """Claim up to `free` jobs of any lane and `high` more of the high lane, at most `most`.

        The last `spare` of the free slots are for tenants with fewer than `spare` turns running: a flood leaves room.

        Raises:
            StoreUnavailable: Redis is away.
        """
        lease = int(self.lease * 1000)
        first, waiting, *rest = await self._runner.run(
            "claim", worker=self.worker, free=free, high=high, lease_ms=lease, spare=spare, most=most
        )
        jobs = tuple(Claimed(rest[i].decode(), rest[i + 1], bool(rest[i + 2])) for i in range(0, len(rest), 3))
        return Claim(jobs, None if first < 0 else first / 1000, waiting)

    async def renew(self, jobs: list[str]) -> list[str]:
        """Keep the leases of running jobs; returns those that are no longer ours.

        Raises:
            StoreUnavailable: Redis is away.
        """
        lost = (
            await self._runner.run("renew", *jobs, worker=self.worker, lease_ms=int(self.lease * 1000)) if jobs else []
        )
        return [job.decode() for job in lost]

    async def retire(self, job: str) -> None:
        """Note that a job has returned.

        Raises:
            StoreUnavailable: Redis is away; the lease will end, and whoever takes the job finds nothing to do.
        """
        await self._runner.run("retire", worker=self.worker, job=job)

    async def release(self, job: str) -> None:
        """Give a job back untouched: another worker takes it at once, and no try is counted.

        Raises:
            StoreUnavailable: Redis is away; the lease will end.
        """
        await self._runner.run("release", worker=self.worker, job=job)

    async def heartbeat(self, *, ttl: float) -> None:
        """Say that this worker lives, for `ttl` seconds.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("alive", worker=self.worker, keep_ms=int(ttl * 1000))

    async def live(self) -> None:
        """Say so for ever, for a worker that renews nothing."""
        while True:
            with suppress(StoreUnavailable):
                await self.heartbeat(ttl=3 * self.lease)
            await asyncio.sleep(self.lease / 3)

    async def deregister(self) -> None:
        """Say that this worker is gone.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            await self._connection.delete(worker(self.worker))

    async def sleep(self, seconds: float) -> bool:
        """Wait for a wake-up token, at most `seconds` (at least 10 ms: 0 would wait for ever); True if one came.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            wait = max(0.01, seconds)
            token = await self._connection.execute_command("BLPOP", WAKE, wait)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        return token is not None

    async def requeue_wakeup(self) -> None:
        """Give a token back that was meant for a worker with a free slot.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("wake")

"""The lowest floor: Redis, the model of what is in it, and the choosing of a run."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.lease import FencedLease, Stale
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.scripts import Runner
from tests.property.mailbox.model import STOCK, Conv, Run

T = TypeVar("T")


class Ground(RuleBasedStateMachine):
    """One Redis and what is believed of it."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.redis = self.wait(self._connect())
        self.mailbox = Mailbox(self.redis)
        self.conversations = Conversations(self.redis)
        self.scripts = Runner(self.redis)
        self.convs: dict[str, Conv] = {}
        self.seen: set[tuple[str, str]] = set()
        self.leases: dict[str, str] = {}
        self.expired: set[str] = set()
        self.runs: list[Run] = []
        self.blobless: set[str] = set()
        self.brief: set[str] = set()  # leases that ended, and were prolonged by seconds for a post
        self.turns = 0
        self.state: dict[Any, Any] = {}

    async def _connect(self) -> Any:
        redis = connect(self.url)
        await redis.flushall()
        for name in STOCK:
            await redis.set(keys.worker(name), b"1")
        return redis

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def queue(self, worker: str) -> Queue:
        return Queue(self.redis, worker, lease=60)

    # Choosing

    def tried(self, run: Run, work: Coroutine[Any, Any, T], *, leased: bool = False) -> T | None:
        """Do what only the holder may; None if it is rightly refused."""
        conv, lease = self.convs[run.conv], run.lease
        assert lease is not None
        holds = conv.job == lease.job and conv.fence == lease.fence
        holds = holds and not (leased and self.leases.get(run.job, run.worker) != run.worker)
        try:
            answer = self.wait(work)
        except Stale:
            assert not holds, "the holder was turned away"
            return None
        assert holds, "somebody wrote who no longer holds the conversation"
        return answer

    def held(self) -> list[Run]:
        return [run for run in self.runs if run.lease is not None]

    def viewing(self) -> list[Run]:
        return [run for run in self.held() if run.view]

    def pick(self, which: int) -> Run:
        return self.runs[which % len(self.runs)]

    def pick_held(self, which: int) -> tuple[Run, FencedLease, Conv]:
        return self._chosen(self.held()[which % len(self.held())])

    def pick_viewing(self, which: int) -> tuple[Run, FencedLease, Conv]:
        return self._chosen(self.viewing()[which % len(self.viewing())])

    def _chosen(self, run: Run) -> tuple[Run, FencedLease, Conv]:
        assert run.lease is not None
        return run, run.lease, self.convs[run.conv]

    # Leases

    def forget(self, run: Run) -> None:
        if self.leases.get(run.job) == run.worker:
            del self.leases[run.job]
            self.expired.discard(run.job)

    def forget_leases_of_lost_jobs(self) -> None:
        """A claim or a sweep that meets the lease of a job without a blob ends it."""
        kept = {job.decode() for job in self.wait(self.redis.zrange(keys.LEASES, 0, -1))}
        for job in set(self.leases) - kept:
            assert job in self.blobless, f"{job} lost its lease"
            del self.leases[job]
            self.expired.discard(job)

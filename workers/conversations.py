"""The conversations of a turn: every write waits out a Redis that is away, since all of them bear repetition."""

import time
from collections.abc import Sequence

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.outbox import Action
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores.conversation.conversations import POST_SECONDS, Conversations
from chatwootai.stores.conversation.decision import Commit, Decision, Pending, Post
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.conversation.turn_start import TurnStart
from workers.redis_retry import retry_while_redis_down


class RetryingConversations:
    """Work on conversations, by the job that holds them, patient with Redis.

    All methods but `begin` raise Stale where another job holds the conversation, and StoreUnavailable where Redis was
    away for longer than the job's lease.
    """

    def __init__(self, conversations: Conversations) -> None:
        self._store = conversations

    async def begin(self, conv: str, job: str, worker: str, *, lost: bool = False) -> TurnStart | None:
        """Take the conversation for `job`, at once or not at all; None if it is not this job's to take.

        Raises:
            StoreUnavailable: Redis is away; the lease brings the job back.
        """
        return await self._store.begin(conv, job, worker, lost=lost)

    async def reading(self, lease: FencedLease, *, begins: bool) -> None:
        """Note that this run reads the conversation's words, or no longer."""
        await retry_while_redis_down(lambda: self._store.reading(lease, begins=begins))

    async def read(self, lease: FencedLease) -> tuple[int, tuple[Delivery, ...]]:
        """Return the mailbox as it is now, with the sequence that a commit must name."""
        return await retry_while_redis_down(lambda: self._store.read(lease))

    async def commit(
        self, lease: FencedLease, sequence: int, decision: Decision, limits: ContextLimits, *, force: bool = False
    ) -> Commit:
        """Put a decision's actions into the outbox and take its messages out of the mailbox, both or neither."""
        return await retry_while_redis_down(lambda: self._store.commit(lease, sequence, decision, limits, force=force))

    async def ask_to_post(self, lease: FencedLease, pending: Pending) -> tuple[Post, float]:
        """Ask to post the outbox's first action; return the answer and until when a post may begin (unix seconds)."""

        async def ask() -> tuple[Post, float]:
            asked = time.time()  # of the try that was answered: the right is counted from there
            return await self._store.post(lease, pending), asked + POST_SECONDS

        return await retry_while_redis_down(ask)

    async def sent(self, lease: FencedLease, pending: Pending, *, arrived: bool = True) -> None:
        """Note that the outbox's first action is in Chatwoot, or (arrived=False) surely is not."""
        await retry_while_redis_down(lambda: self._store.sent(lease, pending, arrived=arrived))

    async def replace(
        self,
        lease: FencedLease,
        pending: Pending,
        *,
        instead: Sequence[Action] = (),
        drop_turn: bool = False,
        dead: bytes | None = None,
        cause: str = "",
    ) -> None:
        """Put other actions in the place of the outbox's first, and drop the rest of its turn if so asked."""
        await retry_while_redis_down(
            lambda: self._store.replace(lease, pending, instead=instead, drop_turn=drop_turn, dead=dead, cause=cause)
        )

    async def discard(self, lease: FencedLease, entries: Sequence[bytes], *, name: str, dead: bytes) -> None:
        """Take unreadable entries out of the mailbox; the dead letter `name` keeps them."""
        await retry_while_redis_down(lambda: self._store.discard(lease, entries, name=name, dead=dead))

    async def finish(self, lease: FencedLease) -> bool:
        """End the job; True if the next turn was queued because there is more to do."""
        return await retry_while_redis_down(lambda: self._store.finish(lease))

    async def again(
        self, lease: FencedLease, *, after: float, count: bool = True, cause: str = "", behind: str = ""
    ) -> None:
        """Queue another job for the conversation, due in `after` seconds; `count` it as a try."""
        await retry_while_redis_down(
            lambda: self._store.again(lease, after=after, count=count, cause=cause, behind=behind)
        )

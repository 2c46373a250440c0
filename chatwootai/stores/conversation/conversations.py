"""The turn's side of a conversation: begin, read again, commit, post, finish. Every write is fenced."""

from collections.abc import Sequence

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.outbox import Action
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores import lifetimes
from chatwootai.stores.conversation.decision import Commit, Decision, Pending, Post
from chatwootai.stores.conversation.entries import pack_action, pack_exchange
from chatwootai.stores.conversation.lease import FencedLease, Stale, answer_of
from chatwootai.stores.conversation.turn_start import TurnStart, mailbox_deliveries, read_turn_start
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner

POST_SECONDS = 2.0
"""How long the right to post lasts: at most the shortest lease, and many times what a worker needs to begin."""
_POST_MS = int(POST_SECONDS * lifetimes.SECOND)
_CAUSE = 160


class Conversations:
    """Work on conversations, by the job that holds them."""

    def __init__(self, connection: Connection) -> None:
        self._runner = Runner.of(connection)

    async def begin(self, conv: str, job: str, worker: str, *, lost: bool = False) -> TurnStart | None:
        """Take the conversation for `job`; None if it is not (or no longer) this job's to take.

        Args:
            conv: the conversation's name.
            job: the job's id.
            worker: who is to hear of signals.
            lost: an earlier run of this job died with its worker: that counts as a try.

        Raises:
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("begin", conv=conv, job=job, worker=worker, lost=int(lost))
        return None if answer is None else read_turn_start(conv, job, answer)

    async def reading(self, lease: FencedLease, *, begins: bool) -> None:
        """Say that this run is at the conversation's words, or no longer: what begin needs to know if it is lost.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("reading", **lease.named, begins=int(begins))
        answer_of(answer, lease)

    async def read(self, lease: FencedLease) -> tuple[int, tuple[Delivery, ...]]:
        """Return the sequence that a commit must name, and the mailbox as it is now.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("read", **lease.named)
        if answer is None:
            raise Stale(lease.conv)
        return answer[0], mailbox_deliveries(answer[1])[0]

    async def commit(
        self, lease: FencedLease, sequence: int, decision: Decision, limits: ContextLimits, *, force: bool = False
    ) -> Commit:
        """Put actions into the outbox and take answered messages out of the mailbox, both or neither.

        Args:
            lease: the right to write.
            sequence: how far the mailbox was read; GROWN is returned where more came since, and nothing is written.
            decision: what is written.
            limits: of the conversation's context.
            force: write also where more came since: it is answered by the next turn.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away; committing the same turn again is safe.
        """
        answer = await self._runner.run(
            "commit",
            *decision.answered,
            *(pack_action(action) for action in decision.actions),
            *(pack_exchange(said) for said in decision.exchanges),
            **lease.named,
            sequence=sequence,
            force=int(force),
            turn=decision.turn,
            context_entries=limits.entries,
            context_ms=limits.milliseconds,
            dead=decision.dead or b"",
            dead_ms=lifetimes.DEAD_MS,
            messages=len(decision.answered),
            actions=len(decision.actions),
            exchanges=len(decision.exchanges),
            idle_note=decision.idle_timer.note if decision.idle_timer else b"",
            idle_ms=int(decision.idle_timer.seconds * 1000) if decision.idle_timer else 0,
            applied_status=decision.applied_status.value if decision.applied_status else "",
            left=int(decision.left),
            outcome=decision.outcome,
            cause=decision.cause,
        )
        return Commit(answer_of(answer, lease))

    async def post(self, lease: FencedLease, pending: Pending) -> Post:
        """Ask to post the outbox's first action, and mark it as possibly posted.

        GO and UNSURE hold for `POST_SECONDS` from the moment of asking; a post that begins later may be a second one.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("post", **lease.named, entry=pending.entry, lease_ms=_POST_MS)
        return Post(answer_of(answer, lease))

    async def sent(self, lease: FencedLease, pending: Pending, *, arrived: bool = True) -> None:
        """Note that the outbox's first action is in Chatwoot, or (arrived=False) surely is not and may be posted again.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("sent", **lease.named, entry=pending.entry, arrived=int(arrived))
        answer_of(answer, lease)

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
        """Put other actions in the place of the outbox's first one; with `drop_turn`, drop the rest of its turn.

        `cause`: why, for people, in nobody's words but Chatwoot's or ours.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        turn = pending.action.turn if pending.action else ""
        answer = await self._runner.run(
            "replace",
            *(pack_action(action) for action in instead),
            **lease.named,
            entry=pending.entry,
            drop_turn=int(drop_turn),
            turn=turn,
            dead=dead or b"",
            dead_ms=lifetimes.DEAD_MS,
            cause=_cause(cause),
        )
        answer_of(answer, lease)

    async def discard(self, lease: FencedLease, entries: Sequence[bytes], *, name: str, dead: bytes) -> None:
        """Take unreadable entries out of the mailbox; the dead letter `name` keeps them.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run(
            "discard", *entries, **lease.named, name=name, dead=dead, dead_ms=lifetimes.DEAD_MS
        )
        answer_of(answer, lease)

    async def finish(self, lease: FencedLease) -> bool:
        """End the job: rest, or queue the next turn if there is more to do (True).

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("finish", **lease.named, state_ms=lifetimes.STATE_MS)
        return answer_of(answer, lease) == "next"

    async def again(
        self, lease: FencedLease, *, after: float, count: bool = True, cause: str = "", behind: str = ""
    ) -> None:
        """Queue another job for this conversation, due in `after` seconds; `count` it as a try.

        `cause`: why, for people, in nobody's words but Chatwoot's or ours; `behind`: an account whose token is refused:
        the job runs as soon as it is taken again (refusals.py).

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run(
            "again",
            **lease.named,
            delay_ms=int(after * 1000),
            count=int(count),
            cause=_cause(cause),
            behind=behind,
        )
        if answer == b"stale":
            raise Stale(lease.conv)


def _cause(said: str) -> str:
    """Return a reason on one line, as a step in a conversation's history holds it."""
    return " ".join(said.split())[:_CAUSE]

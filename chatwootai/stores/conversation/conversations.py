"""The turn's side of a conversation: begin, read again, commit, post, finish. Every write is fenced."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from chatwootai.model.message.assemble import in_order
from chatwootai.model.message.delivery import Delivery, RequestedStatus
from chatwootai.model.message.outbox import Action
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import (
    BrokenEntry,
    pack_action,
    pack_exchange,
    unpack_action,
    unpack_delivery,
    unpack_exchange,
)
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner

_log = structlog.get_logger(__name__)


POST_SECONDS = 2.0
"""How long the right to post lasts: at most the shortest lease, and many times what a worker needs to begin."""
_POST_MS = int(POST_SECONDS * keys.SECOND)
_CAUSE = 160


class Stale(Exception):
    """Another job holds this conversation now: write nothing more and leave."""


class Commit(StrEnum):
    """What became of a commit."""

    COMMITTED = "committed"
    GROWN = "grown"


class Post(StrEnum):
    """Whether the first action of the outbox may be posted."""

    GO = "go"
    UNSURE = "unsure"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class FencedLease:
    """The right to work on a conversation: valid until another job begins on it."""

    conv: str
    job: str
    fence: int


@dataclass(frozen=True, slots=True)
class Pending:
    """One entry of an outbox: as it lies there (its identity), and what it says (None: not ours, or damaged)."""

    entry: bytes
    action: Action | None


@dataclass(frozen=True, slots=True)
class TurnStart:
    """What a job finds when it begins: unanswered deliveries and undelivered actions, both in order.

    `wish`: a teammate's, to be fulfilled; `silence`: the note of a Silence that is over; `posting_at`: unix seconds at
    which the outbox's first action was first posted, 0: never. `lost`: runs of these messages that ended with their
    worker or under a loop that stood still; `unread`: two did while they read, so nobody reads them again.
    `burst`: the name of what waits, the same in every try to answer it; `calls`: what tools did for it in earlier
    tries, HGETALL's way.
    """

    lease: FencedLease
    sequence: int
    tries: int
    deliveries: tuple[Delivery, ...]
    broken: tuple[bytes, ...]
    outbox: tuple[Pending, ...]
    context: tuple[Exchange, ...]
    requested_status: RequestedStatus | None = None
    idle_note: bytes = b""
    posting_at: float = 0.0
    lost: int = 0
    unread: bool = False
    burst: str = ""
    calls: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class IdleTimer:
    """What to do (`note`, for the job that does it) if nothing happens in a conversation for `seconds`."""

    note: bytes
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a commit writes. `answered` are message ids; `dead` a dead letter's JSON, where the turn gives up.

    `silence`: what follows if nothing else does; `fulfilled`: the wish that the actions fulfil; `left`: the messages
    are left to people, who may hand them back unanswered. `outcome`, `cause`: for those who read the conversation's
    life later; one line each, without anybody's words.
    """

    turn: str
    answered: Sequence[int]
    actions: Sequence[Action]
    exchanges: Sequence[Exchange]
    dead: bytes | None = None
    idle_timer: IdleTimer | None = None
    applied_status: RequestedStatus | None = None
    left: bool = False
    outcome: str = ""
    cause: str = ""


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
        answer = await self._runner.run("begin", conv, job, worker, int(lost))
        if answer is None:
            return None
        fence, sequence, tries, closed, box, outbox, context, requested, idle_note, posting_at, *more = answer
        runs_lost, unread, burst, calls = more
        deliveries, broken = _deliveries(box)
        return TurnStart(
            lease=FencedLease(conv, job, fence),
            sequence=sequence,
            tries=tries,
            deliveries=deliveries,
            broken=broken,
            outbox=tuple(_pending(entry) for entry in outbox),
            context=in_order(said for said in _exchanges(context) if said.at * 1000 > closed),
            requested_status=_requested_status(requested),
            idle_note=idle_note,
            posting_at=posting_at / 1000,
            lost=runs_lost,
            unread=bool(unread),
            burst=burst.decode(),
            calls=tuple(calls),
        )

    async def reading(self, lease: FencedLease, *, begins: bool) -> None:
        """Say that this run is at the conversation's words, or no longer: what begin needs to know if it is lost.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("reading", lease.conv, lease.job, lease.fence, int(begins))
        _fresh(answer, lease)

    async def read(self, lease: FencedLease) -> tuple[int, tuple[Delivery, ...]]:
        """The mailbox as it is now, with the sequence that a commit must name.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("read", lease.conv, lease.job, lease.fence)
        if answer is None:
            raise Stale(lease.conv)
        return answer[0], _deliveries(answer[1])[0]

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
            lease.conv,
            lease.job,
            lease.fence,
            sequence,
            int(force),
            decision.turn,
            limits.entries,
            limits.milliseconds,
            decision.dead or b"",
            keys.DEAD_MS,
            len(decision.answered),
            len(decision.actions),
            len(decision.exchanges),
            decision.idle_timer.note if decision.idle_timer else b"",
            int(decision.idle_timer.seconds * 1000) if decision.idle_timer else 0,
            decision.applied_status.value if decision.applied_status else "",
            int(decision.left),
            decision.outcome,
            decision.cause,
            *decision.answered,
            *(pack_action(action) for action in decision.actions),
            *(pack_exchange(said) for said in decision.exchanges),
        )
        return Commit(_fresh(answer, lease))

    async def post(self, lease: FencedLease, pending: Pending) -> Post:
        """Ask to post the outbox's first action, and mark it as possibly posted.

        GO and UNSURE hold for `POST_SECONDS` from the moment of asking; a post that begins later may be a second one.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("post", lease.conv, lease.job, lease.fence, pending.entry, _POST_MS)
        return Post(_fresh(answer, lease))

    async def sent(self, lease: FencedLease, pending: Pending, *, arrived: bool = True) -> None:
        """The outbox's first action is in Chatwoot, or (arrived=False) surely is not and may be posted again.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("sent", lease.conv, lease.job, lease.fence, pending.entry, int(arrived))
        _fresh(answer, lease)

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
        """The outbox's first action will not be posted: put others in its place, drop the rest of its turn.

        `cause`: why, for people, in nobody's words but Chatwoot's or ours.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        turn = pending.action.turn if pending.action else ""
        answer = await self._runner.run(
            "replace",
            lease.conv,
            lease.job,
            lease.fence,
            pending.entry,
            int(drop_turn),
            turn,
            dead or b"",
            keys.DEAD_MS,
            _cause(cause),
            *(pack_action(action) for action in instead),
        )
        _fresh(answer, lease)

    async def discard(self, lease: FencedLease, entries: Sequence[bytes], *, name: str, dead: bytes) -> None:
        """Take unreadable entries out of the mailbox; the dead letter `name` keeps them.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run(
            "discard", lease.conv, lease.job, lease.fence, name, dead, keys.DEAD_MS, *entries
        )
        _fresh(answer, lease)

    async def finish(self, lease: FencedLease) -> bool:
        """End the job: rest, or queue the next turn if there is more to do (True).

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis is away.
        """
        answer = await self._runner.run("finish", lease.conv, lease.job, lease.fence, keys.STATE_MS)
        return _fresh(answer, lease) == "next"

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
            "again", lease.conv, lease.job, lease.fence, int(after * 1000), int(count), _cause(cause), behind
        )
        if answer == b"stale":
            raise Stale(lease.conv)


def _cause(said: str) -> str:
    """A reason on one line, as a step in a conversation's life holds it."""
    return " ".join(said.split())[:_CAUSE]


def _requested_status(value: bytes) -> RequestedStatus | None:
    return next((status for status in RequestedStatus if status.value.encode() == value), None)


def _fresh(answer: bytes, lease: FencedLease) -> str:
    if answer == b"stale":
        raise Stale(lease.conv)
    return answer.decode()


def _deliveries(box: Sequence[bytes]) -> tuple[tuple[Delivery, ...], tuple[bytes, ...]]:
    deliveries: list[Delivery] = []
    broken: list[bytes] = []
    for entry in box:
        try:
            deliveries.append(unpack_delivery(entry))
        except BrokenEntry as error:
            _log.error("mailbox_entry_broken", error=str(error))
            broken.append(entry)
    return tuple(deliveries), tuple(broken)


def pending(action: Action) -> Pending:
    """An action as it will lie in the outbox."""
    return Pending(pack_action(action), action)


def _pending(entry: bytes) -> Pending:
    try:
        return Pending(entry, unpack_action(entry))
    except BrokenEntry as error:
        _log.error("outbox_entry_broken", error=str(error))
        return Pending(entry, None)


def _exchanges(context: Sequence[bytes]) -> list[Exchange]:
    known: list[Exchange] = []
    for entry in context:
        try:
            known.append(unpack_exchange(entry))
        except BrokenEntry as error:  # context is a help, not a promise: go on without
            _log.warning("context_entry_broken", error=str(error))
    return known

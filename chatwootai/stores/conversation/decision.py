"""What a turn decides and a commit writes: actions for the outbox, a timer, words for the conversation's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from chatwootai.model.message.effects import RequestedStatus
from chatwootai.model.message.outbox import Action
from chatwootai.model.message.turn import Exchange
from chatwootai.stores.conversation.entries import BrokenEntry, pack_action, unpack_action

_log = structlog.get_logger("chatwootai.stores.conversation.conversations")


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
class Pending:
    """One entry of an outbox: as it lies there (its identity), and what it says (None: not ours, or damaged)."""

    entry: bytes
    action: Action | None


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


def pending(action: Action) -> Pending:
    """An action as it will lie in the outbox."""
    return Pending(pack_action(action), action)


def pending_entry(entry: bytes) -> Pending:
    """Return an entry of an outbox with its action, None where no version of ours wrote it."""
    try:
        return Pending(entry, unpack_action(entry))
    except BrokenEntry as error:
        _log.error("outbox_entry_broken", error=str(error))
        return Pending(entry, None)

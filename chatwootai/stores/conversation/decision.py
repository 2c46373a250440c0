"""A turn's decision as a commit writes it: actions for the outbox, a timer, steps for the conversation's history."""

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
    """The result of a commit."""

    COMMITTED = "committed"
    GROWN = "grown"


class Post(StrEnum):
    """The answer to a request to post the outbox's first action."""

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
    """A timer that runs a job with `note` if nothing happens in a conversation for `seconds`."""

    note: bytes
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The content of a commit. `answered` are message ids; `dead` a dead letter's JSON, where the turn gives up.

    `idle_timer`: what follows if nothing else does; `applied_status`: the one that the actions set; `left`: the
    messages are left to people, who may hand them back unanswered. `outcome`, `cause`: for the conversation's history;
    one line each, without anybody's words.
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
    """Return an action as an outbox entry."""
    return Pending(pack_action(action), action)


def pending_entry(entry: bytes) -> Pending:
    """Return an entry of an outbox with its action, None where no version of ours wrote it."""
    try:
        return Pending(entry, unpack_action(entry))
    except BrokenEntry as error:
        _log.error("outbox_entry_broken", error=str(error))
        return Pending(entry, None)

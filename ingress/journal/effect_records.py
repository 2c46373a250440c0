"""Effects of events that need no turn: how they are applied to a conversation, and their form in the journal.

A record of the journal begins with a delivery's priority; one of these with MARK, which no priority is. A door of a
version that knows none of them puts the record aside (`rejected.records`) and goes on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chatwootai.model.message.effects import (
    DeletedMessage,
    FailedMessage,
    ObservedMessage,
    RequestedStatus,
    Signal,
    SignalKind,
)
from chatwootai.model.message.turn import NO_CONTEXT, ContextLimits
from chatwootai.model.policy.outcome import failure_actions
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import BrokenEntry
from chatwootai.stores.conversation.mailbox import Mailbox

MARK: Final = b"\xff"
_NOT_LATER: Final = frozenset({SignalKind.TYPING, SignalKind.TAKEOVER})
"""True for a moment only. That a person stepped in is seen in Chatwoot before anything is posted
(workers/delivery/ownership.py); told late, it could end the turn of a conversation that has been handed back since."""


_Stored = ObservedMessage | Signal | DeletedMessage | FailedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedEffect:
    """An effect on a conversation, with what it needs of the settings.

    `about`: the effect; `priority`: the account's; `language` and `limits`: the inbox's.
    """

    about: _Stored
    priority: int = 0
    language: str = ""
    limits: ContextLimits = NO_CONTEXT

    @property
    def kind(self) -> str:
        """Kind of the event, for metrics and records."""
        return self.about.kind.value if isinstance(self.about, Signal) else _NAMES[type(self.about)]

    @property
    def conversation(self) -> str:
        """Name of the conversation that is affected."""
        return keys.conv(self.about.account, self.about.conversation)

    @property
    def lasts(self) -> bool:
        """True if it is of use when Redis is back."""
        return not (isinstance(self.about, Signal) and self.about.kind in _NOT_LATER)

    @property
    def at_once(self) -> bool:
        """True if a full Redis takes it too, and no order with messages matters: it carries its own moment."""
        return isinstance(self.about, Signal | DeletedMessage)

    async def apply(self, mailbox: Mailbox) -> bool:
        """Apply it to its conversation; True if anybody or anything was concerned. Twice is as good as once.

        Raises:
            StoreUnavailable: Redis is away.
        """
        match self.about:
            case ObservedMessage() as observed:
                return await mailbox.heard(observed, self.limits, priority=self.priority)
            case Signal() as signal:
                return await mailbox.signal(signal)
            case DeletedMessage() as deleted:
                return await mailbox.withdraw(deleted)
            case FailedMessage() as failed:
                actions = failure_actions(failed, self.language)
                return await mailbox.report(
                    failed.account,
                    failed.conversation,
                    failed.message,
                    actions,
                    priority=self.priority,
                    now=time.time(),
                )


def pack(effect: ScopedEffect) -> bytes:
    """Return the payload of a record."""
    return MARK + orjson.dumps([_NAMES[type(effect.about)], effect])


def unpack(payload: bytes) -> ScopedEffect:
    """Return the effect in a record.

    Raises:
        BrokenEntry: nothing that this version knows.
    """
    try:
        name, raw = orjson.loads(payload[1:])
        return ScopedEffect(**{**raw, "about": _KINDS[name](raw["about"]), "limits": ContextLimits(**raw["limits"])})
    except (ValueError, TypeError, KeyError) as error:
        raise BrokenEntry(f"journal entry: {type(error).__name__}") from error


def _unpack_observed(raw: dict[str, Any]) -> ObservedMessage:
    return ObservedMessage(**{**raw, "wish": RequestedStatus(raw["wish"]) if raw["wish"] else None})


def _unpack_signal(raw: dict[str, Any]) -> Signal:
    return Signal(**{**raw, "kind": SignalKind(raw["kind"])})


_NAMES: Final[dict[type, str]] = {
    ObservedMessage: "heard",
    Signal: "signal",
    DeletedMessage: "withdrawn",
    FailedMessage: "failure",
}
_KINDS: Final[dict[str, Callable[[dict[str, Any]], _Stored]]] = {
    "heard": _unpack_observed,
    "signal": _unpack_signal,
    "withdrawn": lambda raw: DeletedMessage(**raw),
    "failure": lambda raw: FailedMessage(**raw),
}

"""Events that need no turn and must be known all the same: their way to a conversation, and their form in the journal.

A record of the journal begins with a delivery's priority; one of these with MARK, which no priority is. A door of a
version that knows none of them puts the record aside (`rejected.records`) and goes on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chatwootai.model.message.delivery import Failure, Heard, RequestedStatus, Signal, SignalKind, Withdrawn
from chatwootai.model.message.turn import NO_CONTEXT, ContextLimits
from chatwootai.model.policy.undelivered import told
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import BrokenEntry
from chatwootai.stores.conversation.mailbox import Mailbox

MARK: Final = b"\xff"
_NOT_LATER: Final = frozenset({SignalKind.TYPING, SignalKind.TAKEOVER})
"""True for a moment only. That a person stepped in is seen in Chatwoot before anything is posted (workers/owner.py);
told late, it could end the turn of a conversation that has been handed back since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """One such thing. `priority`: the account's; `language` and `limits`: the inbox's."""

    about: Heard | Signal | Withdrawn | Failure
    priority: int = 0
    language: str = ""
    limits: ContextLimits = NO_CONTEXT

    @property
    def kind(self) -> str:
        """Kind of the event, for metrics and records."""
        return self.about.kind.value if isinstance(self.about, Signal) else _NAMES[type(self.about)]

    @property
    def conversation(self) -> str:
        """The name of the conversation that it is about."""
        return keys.conv(self.about.account, self.about.conversation)

    @property
    def lasts(self) -> bool:
        """True if it is of use when Redis is back."""
        return not (isinstance(self.about, Signal) and self.about.kind in _NOT_LATER)

    @property
    def at_once(self) -> bool:
        """True if a full Redis takes it too, and no order with messages matters: it carries its own moment."""
        return isinstance(self.about, Signal | Withdrawn)

    async def bring(self, mailbox: Mailbox) -> bool:
        """Bring it to its conversation; whether anybody or anything was concerned. Twice is as good as once.

        Raises:
            StoreUnavailable: Redis is away.
        """
        about = self.about
        if isinstance(about, Heard):
            return await mailbox.heard(about, self.limits, priority=self.priority)
        if isinstance(about, Signal):
            return await mailbox.signal(about)
        if isinstance(about, Withdrawn):
            return await mailbox.withdraw(about)
        words = told(about, self.language)
        return await mailbox.report(
            about.account, about.conversation, about.message, words, priority=self.priority, now=time.time()
        )


def pack(aside: Aside) -> bytes:
    """Return the payload of a record."""
    return MARK + orjson.dumps([_NAMES[type(aside.about)], aside])


def unpack(payload: bytes) -> Aside:
    """Return what a record holds.

    Raises:
        BrokenEntry: nothing that this version knows.
    """
    try:
        name, raw = orjson.loads(payload[1:])
        return Aside(**{**raw, "about": _KINDS[name](raw["about"]), "limits": ContextLimits(**raw["limits"])})
    except (ValueError, TypeError, KeyError) as error:
        raise BrokenEntry(f"journal entry: {type(error).__name__}") from error


def _heard(raw: dict[str, Any]) -> Heard:
    return Heard(**{**raw, "wish": RequestedStatus(raw["wish"]) if raw["wish"] else None})


def _signal(raw: dict[str, Any]) -> Signal:
    return Signal(**{**raw, "kind": SignalKind(raw["kind"])})


_NAMES: Final[dict[type, str]] = {Heard: "heard", Signal: "signal", Withdrawn: "withdrawn", Failure: "failure"}
_KINDS: Final[dict[str, Callable[[dict[str, Any]], Heard | Signal | Withdrawn | Failure]]] = {
    "heard": _heard,
    "signal": _signal,
    "withdrawn": lambda raw: Withdrawn(**raw),
    "failure": lambda raw: Failure(**raw),
}

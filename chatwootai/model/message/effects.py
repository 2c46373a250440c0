"""Effects of an event that needs no turn: what a running turn, the next one, people or a counter learn from it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from chatwootai.model.message.delivery import Reason, Role


class SignalKind(StrEnum):
    """News for a running turn in an event that needs no turn itself."""

    TAKEOVER = "takeover"  # a person stepped in: stop
    RESOLVED = "resolved"  # forget the context: what comes next is a new matter
    TYPING = "typing"  # the contact is still writing: wait a little longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A word to the worker that holds this conversation's turn, if one does. `at` is unix seconds."""

    account: str
    conversation: int
    kind: SignalKind
    at: float


class RequestedStatus(StrEnum):
    """Status of the conversation that a teammate's words ask for."""

    OPEN = "open"  # people answer
    PENDING = "pending"  # the assistant answers


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedMessage:
    """A message that needs no turn and is remembered for the next one. `role` as an Exchange has it.

    `message` is its id: it may be heard several times. `text` may be empty where only the `wish` counts.
    """

    account: str
    conversation: int
    inbox: int
    message: int
    role: Role
    text: str
    at: float
    wish: RequestedStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedMessage:
    """A message that was deleted. `at`: when it had been written, as an Exchange has it."""

    account: str
    conversation: int
    message: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message of ours that did not arrive, and `why`, in the provider's words. `text`: what it said."""

    account: str
    conversation: int
    inbox: int
    channel: str
    message: int
    why: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """Delivery state of a message that we or a teammate sent. `state`: sent, delivered, read or failed."""

    state: str


Effect = ObservedMessage | Signal | DeletedMessage | FailedMessage | DeliveryState
_Kind = TypeVar("_Kind", ObservedMessage, Signal, DeletedMessage, FailedMessage, DeliveryState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """An event that was understood and needs no turn. Its `effects` are applied in this order."""

    reason: Reason
    effects: tuple[Effect, ...] = ()

    def effect(self, kind: type[_Kind]) -> _Kind | None:
        """Return the effect of this kind, of which there is at most one; None if there is none."""
        return next((each for each in self.effects if isinstance(each, kind)), None)

"""Reads a verified body: a delivery that needs a turn, or the reason why it needs none. Pure.

Only what is used is read; unknown keys and missing ones are borne. Trust in types ends at the door:
past it, every field of a Delivery is what its type says.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from chatwootai.channels.incoming import conversation_events, incoming, revised
from chatwootai.channels.incoming.handed_back import waiting
from chatwootai.channels.incoming.heard import heard
from chatwootai.model.message.delivery import Delivery, Ignored, Reason, RequestedStatus
from chatwootai.model.message.fields import identifier, mapping

_MANY_BYTES: Final = 128 * 1024
_MOST_VALUES: Final = 100_000
"""Texts, or other values, of a body. Chatwoot's hold some hundreds; of millions a parser keeps the loop for 0.3 s."""


class Unusable(ValueError):
    """The body is no webhook of Chatwoot that this account could have sent; `cause` is one word for the metric."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


def _plain(_inbox: int | None) -> incoming.Manner:
    return incoming.PLAIN


class Arrival(NamedTuple):
    """Facts of a request besides its body. `account` is the mapping's key, `received_at` unix seconds.

    `manner`: what an inbox's settings say of how its messages are meant.
    """

    account: str
    chatwoot_account_id: int
    received_at: float
    delivery_id: str | None = None
    manner: Callable[[int | None], incoming.Manner] = _plain


def parse(body: bytes, arrival: Arrival) -> Delivery | Ignored:
    """Read a webhook's body.

    Raises:
        Unusable: not JSON, not an object, no usable event, or another account's. Nothing else, whatever the bytes.
    """
    payload = _decoded(body)
    event = payload.get("event")
    if not isinstance(event, str) or not event:
        raise Unusable("no_event", "the body names no event")
    _check_account(payload, arrival)
    read = _READERS.get(event) or _by_prefix(event)
    return read(payload, arrival)


def _decoded(body: bytes) -> dict[str, Any]:
    if len(body) > _MANY_BYTES and _values(body) > _MOST_VALUES:
        raise Unusable("too_many_values", f"the body holds more than {_MOST_VALUES} values")
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unusable("not_json", "the body is not JSON") from None
    if not isinstance(payload, dict):
        raise Unusable("not_an_object", "the body is not a JSON object")
    return payload


def _values(body: bytes) -> int:
    """About how many values a JSON text holds; counted without making them, which takes most of the time."""
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"")  # its quotes are those around texts
    texts = bare.count(b'"') // 2
    if texts > _MOST_VALUES:
        return texts
    around = b"".join(bare.split(b'"')[::2])
    return around.count(b",") + around.count(b"[") + around.count(b"{")


def _check_account(payload: dict[str, Any], arrival: Arrival) -> None:
    """A secret that is shared by mistake must not let one tenant speak for another. Before 4.14.2 no account is named.

    Events about contacts have one too; all that name an account name the same.
    """
    for holder in (payload, mapping(payload.get("conversation"))):
        named = mapping(holder.get("account")).get("id")
        if named is not None and named != arrival.chatwoot_account_id:
            raise Unusable("foreign_account", "the body is about another account than its address")


def _message_created(payload: dict[str, Any], arrival: Arrival) -> Delivery | Ignored:
    manner = arrival.manner(_inbox(mapping(payload.get("conversation"))))
    try:
        meaning = incoming.read(payload, arrival.account, arrival.received_at, arrival.delivery_id, manner)
    except incoming.Incomplete as error:
        raise Unusable("incomplete", str(error)) from None
    if isinstance(meaning, Delivery):
        return meaning
    signal = None
    if meaning is Reason.OUTGOING_TEAMMATE:
        signal = conversation_events.answered(payload, arrival.account, arrival.received_at)
    words = heard(payload, arrival.account, arrival.received_at, meaning, manner)
    if words is not None and words.wish is RequestedStatus.OPEN and signal is None:  # a command in a note
        signal = conversation_events.answered(payload, arrival.account, arrival.received_at)
    return Ignored(reason=meaning, signal=signal, heard=words)


def _inbox(conversation: Mapping[str, Any]) -> int | None:
    return identifier(conversation.get("inbox_id"))


def _message_updated(payload: dict[str, Any], arrival: Arrival) -> Delivery | Ignored:
    manner = arrival.manner(_inbox(mapping(payload.get("conversation"))))
    return revised.read(payload, arrival.account, arrival.received_at, arrival.delivery_id, manner)


def _conversation(payload: dict[str, Any], arrival: Arrival) -> Delivery | Ignored:
    manner = arrival.manner(_inbox(payload))
    delivery = waiting(payload, arrival.account, arrival.received_at, arrival.delivery_id, manner)
    if delivery is not None:
        return delivery
    signal = conversation_events.signal_of(payload, arrival.account, arrival.received_at)
    return Ignored(reason=Reason.CONVERSATION_EVENT, signal=signal)


def _typing(payload: dict[str, Any], arrival: Arrival) -> Ignored:
    signal = conversation_events.typing_signal(payload, arrival.account, arrival.received_at)
    return Ignored(reason=Reason.TYPING, signal=signal)


Reader = Callable[[dict[str, Any], Arrival], Delivery | Ignored]


def _because(reason: Reason) -> Reader:
    ignored = Ignored(reason=reason)
    return lambda _payload, _arrival: ignored


_UNKNOWN: Final = _because(Reason.UNKNOWN_EVENT)
_AUTOMATION: Final = _because(Reason.AUTOMATION_EVENT)

_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "message_created": _message_created,
        "message_updated": _message_updated,
        "conversation_created": _because(Reason.CONVERSATION_EVENT),
        "conversation_updated": _conversation,
        "conversation_status_changed": _conversation,
        "conversation_opened": _conversation,
        "conversation_resolved": _conversation,
        "conversation_typing_on": _typing,
        "conversation_typing_off": _because(Reason.TYPING),
        "contact_created": _because(Reason.CONTACT_EVENT),
        "contact_updated": _because(Reason.CONTACT_EVENT),
        "inbox_created": _because(Reason.INBOX_EVENT),
        "inbox_updated": _because(Reason.INBOX_EVENT),
        "webwidget_triggered": _because(Reason.WIDGET_OPENED),
        "macro.executed": _AUTOMATION,
    }
)


def _by_prefix(event: str) -> Reader:
    return _AUTOMATION if event.startswith("automation_event.") else _UNKNOWN


def conversation_of(payload: Mapping[str, Any]) -> int | None:
    """The conversation a message event is about, for logs."""
    return identifier(mapping(payload.get("conversation")).get("id"))

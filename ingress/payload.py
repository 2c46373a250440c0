"""Reads a verified body: a delivery that needs a turn, or the reason why it needs none. Pure.

Only what is used is read; unknown keys and missing ones are borne. Trust in types ends at the door:
past it, every field of a Delivery is what its type says.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from chatwootai.channels.incoming import conversation_events, messages
from chatwootai.channels.incoming.observed import read_observed
from chatwootai.channels.incoming.receipt import DEFAULT_RULES, ReadingRules, Receipt
from chatwootai.channels.incoming.returned import read_returned
from chatwootai.channels.incoming.updates import read_update
from chatwootai.model.message.delivery import Delivery, Reason
from chatwootai.model.message.effects import Ignored, RequestedStatus
from chatwootai.model.message.fields import Object, identifier, mapping

_MANY_BYTES: Final = 128 * 1024
_MOST_VALUES: Final = 100_000
"""Texts, or other values, of a body. Chatwoot's hold some hundreds; of millions a parser keeps the loop for 0.3 s."""


class InvalidPayload(ValueError):
    """The body is no webhook of Chatwoot that this account could have sent; `cause` is one word for the metric."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


def _default_rules(_inbox: int | None) -> ReadingRules:
    return DEFAULT_RULES


class RequestInfo(NamedTuple):
    """Facts of a request besides its body. `account` is the mapping's key, `received_at` unix seconds.

    `rules`: returns an inbox's rules for reading its messages.
    """

    account: str
    chatwoot_account_id: int
    received_at: float
    delivery_id: str | None = None
    rules: Callable[[int | None], ReadingRules] = _default_rules

    def receipt(self, conversation: Object) -> Receipt:
        """Return what the readers need to know of this request, for a message of this conversation."""
        rules = self.rules(identifier(conversation.get("inbox_id")))
        return Receipt(self.account, self.received_at, self.delivery_id, rules)


def parse(body: bytes, request: RequestInfo) -> Delivery | Ignored:
    """Read a webhook's body.

    Raises:
        InvalidPayload: not JSON, no object, no usable event, or another account's. Nothing else, whatever the bytes.
    """
    payload = _decode(body)
    event = payload.get("event")
    if not isinstance(event, str) or not event:
        raise InvalidPayload("no_event", "the body names no event")
    _check_account(payload, request)
    read = _READERS.get(event) or _by_prefix(event)
    return read(payload, request)


def _decode(body: bytes) -> dict[str, Any]:
    if len(body) > _MANY_BYTES and _count_values(body) > _MOST_VALUES:
        raise InvalidPayload("too_many_values", f"the body holds more than {_MOST_VALUES} values")
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidPayload("not_json", "the body is not JSON") from None
    if not isinstance(payload, dict):
        raise InvalidPayload("not_an_object", "the body is not a JSON object")
    return payload


def _count_values(body: bytes) -> int:
    """About how many values a JSON text holds; counted without making them, which takes most of the time."""
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"")  # its quotes are those around texts
    texts = bare.count(b'"') // 2
    if texts > _MOST_VALUES:
        return texts
    around = b"".join(bare.split(b'"')[::2])
    return around.count(b",") + around.count(b"[") + around.count(b"{")


def _check_account(payload: dict[str, Any], request: RequestInfo) -> None:
    """Refuse another account's body: a secret shared by mistake must not let one tenant speak for another.

    Before 4.14.2 no account is named. Events about contacts have one too; all that name an account name the same.
    """
    for holder in (payload, mapping(payload.get("conversation"))):
        named = mapping(holder.get("account")).get("id")
        if named is not None and named != request.chatwoot_account_id:
            raise InvalidPayload("foreign_account", "the body is about another account than its address")


def _read_message_created(message: dict[str, Any], request: RequestInfo) -> Delivery | Ignored:
    conversation = mapping(message.get("conversation"))
    receipt = request.receipt(conversation)
    try:
        meaning = messages.read_message(message, conversation, receipt)
    except messages.Incomplete as error:
        raise InvalidPayload("incomplete", str(error)) from None
    if isinstance(meaning, Delivery):
        return meaning
    observed = read_observed(message, conversation, receipt, meaning)
    taken_over = meaning is Reason.OUTGOING_TEAMMATE or (
        observed is not None and observed.wish is RequestedStatus.OPEN  # a command in a note
    )
    signal = conversation_events.takeover_signal(message, conversation, receipt) if taken_over else None
    # The message before the signal: a turn that ends for the signal finds what was said.
    return Ignored(reason=meaning, effects=tuple(filter(None, (observed, signal))))


def _read_message_updated(message: dict[str, Any], request: RequestInfo) -> Delivery | Ignored:
    conversation = mapping(message.get("conversation"))
    return read_update(message, conversation, request.receipt(conversation))


def _read_conversation(conversation: dict[str, Any], request: RequestInfo) -> Delivery | Ignored:
    receipt = request.receipt(conversation)
    delivery = read_returned(conversation, receipt)
    if delivery is not None:
        return delivery
    signal = conversation_events.read_signal(conversation, receipt)
    return Ignored(reason=Reason.CONVERSATION_EVENT, effects=(signal,) if signal else ())


def _read_typing(payload: dict[str, Any], request: RequestInfo) -> Ignored:
    receipt = Receipt(request.account, request.received_at)
    signal = conversation_events.typing_signal(payload, receipt)
    return Ignored(reason=Reason.TYPING, effects=(signal,) if signal else ())


Reader = Callable[[dict[str, Any], RequestInfo], Delivery | Ignored]


def _ignore_for(reason: Reason) -> Reader:
    ignored = Ignored(reason=reason)
    return lambda _payload, _request: ignored


_UNKNOWN: Final = _ignore_for(Reason.UNKNOWN_EVENT)
_AUTOMATION: Final = _ignore_for(Reason.AUTOMATION_EVENT)

_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "message_created": _read_message_created,
        "message_updated": _read_message_updated,
        "conversation_created": _ignore_for(Reason.CONVERSATION_EVENT),
        "conversation_updated": _read_conversation,
        "conversation_status_changed": _read_conversation,
        "conversation_opened": _read_conversation,
        "conversation_resolved": _read_conversation,
        "conversation_typing_on": _read_typing,
        "conversation_typing_off": _ignore_for(Reason.TYPING),
        "contact_created": _ignore_for(Reason.CONTACT_EVENT),
        "contact_updated": _ignore_for(Reason.CONTACT_EVENT),
        "inbox_created": _ignore_for(Reason.INBOX_EVENT),
        "inbox_updated": _ignore_for(Reason.INBOX_EVENT),
        "webwidget_triggered": _ignore_for(Reason.WIDGET_OPENED),
        "macro.executed": _AUTOMATION,
    }
)


def _by_prefix(event: str) -> Reader:
    return _AUTOMATION if event.startswith("automation_event.") else _UNKNOWN

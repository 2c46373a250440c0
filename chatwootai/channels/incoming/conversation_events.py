"""Reads conversation events for a running turn: a person stepped in, it is over, the contact still writes. Pure."""

from typing import Any, Final

from chatwootai.channels.incoming.receipt import Receipt
from chatwootai.model.message.effects import Signal, SignalKind
from chatwootai.model.message.fields import Object, flag, identifier, items, mapping, moment

_MOST_CHANGES: Final = 100
_KIND_OF_STATUS: Final = {
    "open": SignalKind.TAKEOVER,  # people own it
    "snoozed": SignalKind.TAKEOVER,
    "resolved": SignalKind.RESOLVED,
}


def read_signal(conversation: Object, receipt: Receipt) -> Signal | None:
    """Return the signal in a conversation event, which has the conversation itself at its top level.

    The newest status counts, never the event's name: conversation_status_changed may be
    missing (docs/reference/chatwoot.md).
    """
    kind = _signal_kind(conversation)
    return _signal(conversation, kind, _happened_at(conversation, receipt), receipt) if kind else None


def takeover_signal(message: Object, conversation: Object, receipt: Receipt) -> Signal | None:
    """Return TAKEOVER: a teammate has written to the contact."""
    at = min(moment(message.get("created_at")) or receipt.received_at, receipt.received_at)
    return _signal(conversation, SignalKind.TAKEOVER, at, receipt)


def typing_signal(payload: Object, receipt: Receipt) -> Signal | None:
    """Return TYPING, if it is the contact who types: a contact has no type here, a teammate and a bot have one."""
    who = mapping(payload.get("user")).get("type")
    if flag(payload.get("is_private")) or who not in (None, "contact"):
        return None
    return _signal(mapping(payload.get("conversation")), SignalKind.TYPING, receipt.received_at, receipt)


def _signal(conversation: Object, kind: SignalKind, at: float, receipt: Receipt) -> Signal | None:
    number = identifier(conversation.get("id"))
    return None if number is None else Signal(account=receipt.account, conversation=number, kind=kind, at=at)


def _signal_kind(conversation: Object) -> SignalKind | None:
    status = conversation.get("status")
    by_status = _KIND_OF_STATUS.get(status) if isinstance(status, str) else None
    if conversation.get("event") != "conversation_updated":
        return by_status
    changed = _changes(conversation.get("changed_attributes"))
    if "status" in changed and by_status:
        return by_status
    # A conversation handed back keeps its old assignee, so only a change of it is a takeover.
    assigned = mapping(changed.get("assignee_id")).get("current_value") is not None
    to_person = mapping(conversation.get("meta")).get("assignee_type") == "User"
    return SignalKind.TAKEOVER if assigned and to_person else None


def _changes(value: object) -> dict[str, Any]:
    """Return `[{"status": {...}}, {"assignee_id": {...}}]` as one object; null and anything else as an empty one."""
    changed: dict[str, Any] = {}
    for one in [value] if isinstance(value, dict) else items(value, _MOST_CHANGES):
        changed.update(mapping(one))
    return changed


def _happened_at(conversation: Object, receipt: Receipt) -> float:
    """Return when it happened. Events overtake each other, so arrival would lie; the future is not believed."""
    return min(moment(conversation.get("updated_at")) or receipt.received_at, receipt.received_at)

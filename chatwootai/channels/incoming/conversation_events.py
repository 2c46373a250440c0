"""Reads conversation events for a running turn: a person stepped in, it is over, the contact still writes. Pure."""

from typing import Any, Final

from chatwootai.model.message.delivery import Signal, SignalKind
from chatwootai.model.message.fields import identifier, items, mapping, moment

_MOST_CHANGES: Final = 100
_KIND_OF_STATUS: Final = {
    "open": SignalKind.TAKEOVER,  # people own it
    "snoozed": SignalKind.TAKEOVER,
    "resolved": SignalKind.RESOLVED,
}


def signal_of(payload: dict[str, Any], account: str, received_at: float) -> Signal | None:
    """The signal in a conversation event, which has the conversation itself at its top level.

    The newest status counts, never the event's name: conversation_status_changed may be
    missing (docs/reference/chatwoot.md).
    """
    conversation = identifier(payload.get("id"))
    kind = _kind(payload)
    if conversation is None or kind is None:
        return None
    return Signal(account=account, conversation=conversation, kind=kind, at=_when(payload, received_at))


def answered(payload: dict[str, Any], account: str, received_at: float) -> Signal | None:
    """TAKEOVER: a teammate has written to the contact."""
    conversation = identifier(mapping(payload.get("conversation")).get("id"))
    if conversation is None:
        return None
    at = min(moment(payload.get("created_at")) or received_at, received_at)
    return Signal(account=account, conversation=conversation, kind=SignalKind.TAKEOVER, at=at)


def typing_signal(payload: dict[str, Any], account: str, received_at: float) -> Signal | None:
    """TYPING, if it is the contact who types: a contact has no type here, a teammate and a bot have one."""
    conversation = identifier(mapping(payload.get("conversation")).get("id"))
    who = mapping(payload.get("user")).get("type")
    if conversation is None or payload.get("is_private") is True or who not in (None, "contact"):
        return None
    return Signal(account=account, conversation=conversation, kind=SignalKind.TYPING, at=received_at)


def _kind(payload: dict[str, Any]) -> SignalKind | None:
    status = payload.get("status")
    by_status = _KIND_OF_STATUS.get(status) if isinstance(status, str) else None
    if payload.get("event") != "conversation_updated":
        return by_status
    changed = _changes(payload.get("changed_attributes"))
    if "status" in changed and by_status:
        return by_status
    # A conversation handed back keeps its old assignee, so only a change of it is a takeover.
    assigned = mapping(changed.get("assignee_id")).get("current_value") is not None
    to_person = mapping(payload.get("meta")).get("assignee_type") == "User"
    return SignalKind.TAKEOVER if assigned and to_person else None


def _changes(value: object) -> dict[str, Any]:
    """`[{"status": {...}}, {"assignee_id": {...}}]` as one object; null and anything else as an empty one."""
    changed: dict[str, Any] = {}
    for one in [value] if isinstance(value, dict) else items(value, _MOST_CHANGES):
        changed.update(mapping(one))
    return changed


def _when(payload: dict[str, Any], received_at: float) -> float:
    """Return when it happened. Events overtake each other, so arrival would lie; the future is not believed."""
    return min(moment(payload.get("updated_at")) or received_at, received_at)

"""A conversation that has become ours again: whether somebody waits in it."""

from typing import Any

import pytest

from chatwootai.channels.incoming.receipt import Receipt
from chatwootai.channels.incoming.returned import read_returned
from chatwootai.model.message.delivery import Delivery

AT = 1_800_000_000.0
CHANGED = [{"status": {"previous_value": "open", "current_value": "pending"}}]


def event(message: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A conversation's event, with its last message as Chatwoot shows it there."""
    last = {
        "id": 7,
        "content": "E o frete?",
        "message_type": 0,
        "created_at": int(AT),
        "private": False,
        "sender": {"id": 9, "name": "Ana", "type": "contact"},
    }
    return {
        "event": "conversation_status_changed",
        "id": 25,
        "inbox_id": 17,
        "status": "pending",
        "channel": "Channel::Whatsapp",
        "changed_attributes": None,
        "meta": {"sender": {"id": 9}},
        "messages": [last | (message or {})],
    } | changes


@pytest.mark.parametrize("change", [{}, {"event": "conversation_updated", "changed_attributes": CHANGED}])
def test_who_waits_is_answered(change: dict[str, Any]) -> None:
    found = read_returned(event(**change), Receipt("shop", AT + 60, "d"))
    assert isinstance(found, Delivery)
    assert (found.conversation, found.message.id, found.message.text) == (25, 7, "E o frete?")
    assert (found.contact.id, found.inbox, found.carrier) == (9, 17, "Channel::Whatsapp")


@pytest.mark.parametrize(
    "payload",
    [
        event(status="open"),
        event(event="conversation_updated", changed_attributes=[{"waiting_since": {}}]),
        event(event="conversation_updated"),
        event({"message_type": 1, "sender": {"id": 3, "type": "user"}}),  # people have answered
        event({"message_type": 3}),
        event({"created_at": None}),
        event({"created_at": int(AT) + 59}),  # tells of itself
        event({"created_at": int(AT) - 90_000}),  # nobody waits so long
        event({"id": None}),
        event({"content": ""}, channel="Channel::WebWidget"),
        event(meta={"sender": {"id": 9, "blocked": True}}),
        event(messages=[]),
        event(messages=None),
        {},
    ],
)
def test_nobody_waits(payload: dict[str, Any]) -> None:
    assert read_returned(payload, Receipt("shop", AT + 60)) is None

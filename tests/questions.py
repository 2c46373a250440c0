"""A question as a turn puts it to a crew, for tests to which most of it does not matter."""

from dataclasses import fields
from typing import Any

from chatwootai.model.message.delivery import Contact
from chatwootai.model.message.origin import Origin
from chatwootai.model.message.turn import Question

_OF_ORIGIN = {each.name for each in fields(Origin)}


def make_question(text: str = "x", **given: Any) -> Question:
    """A contact's question on WhatsApp; `given` says what is otherwise, of the question or of its origin."""
    usual: dict[str, Any] = {
        "account": "1",
        "channel": "whatsapp",
        "conversation": 1,
        "inbox": 1,
        "contact": Contact(id=1),
        "message": 8,
        "turn": "t",
        "folder": "a",
        "domain": "retail",
        "function": "customer_service",
        "history": (),
        "deadline": 0.0,
    } | given
    origin = Origin(**{name: usual.pop(name) for name in _OF_ORIGIN & usual.keys()})
    return Question(text=text, origin=origin, **usual)

"""A question as a turn puts it to a crew, for tests to which most of it does not matter."""

from typing import Any

from chatwootai.model.message.delivery import Contact
from chatwootai.model.message.turn import Question


def asked(text: str = "x", **given: Any) -> Question:
    """A contact's question on WhatsApp; `given` says what is otherwise."""
    usual: dict[str, Any] = {
        "turn": "t",
        "account": "1",
        "folder": "a",
        "domain": "retail",
        "inbox": 1,
        "channel": "whatsapp",
        "function": "customer_service",
        "conversation": 1,
        "contact": Contact(id=1),
        "last_message": 8,
        "history": (),
        "deadline": 0.0,
    }
    return Question(text=text, **(usual | given))

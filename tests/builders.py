"""Values of the domain for tests to which most of their fields do not matter.

Each function takes by name what does matter: `delivery(7, "oi", channel="email")`.
"""

import time
from dataclasses import fields
from typing import Any

from chatwootai.model.message.delivery import Contact, Delivery, Message
from chatwootai.model.message.origin import Origin
from chatwootai.model.message.turn import Question
from config.settings.settings import Settings
from config.snapshot import Account, Installation, Secret

_OF_ORIGIN = {each.name for each in fields(Origin)}


def delivery(message: int = 7, text: str = "oi", *, at: float = 1.0, **changes: Any) -> Delivery:
    """Return a contact's message in conversation 25 of account 1, written in WhatsApp at `at` and received then.

    `contact` may be a Contact or its id; `attachments` are the message's; every other name is a field of the delivery.
    """
    contact = changes.pop("contact", 89)
    usual: dict[str, Any] = {
        "account": "1",
        "conversation": 25,
        "inbox": 17,
        "channel": "whatsapp",
        "message": Message(id=message, text=text, at=at, attachments=tuple(changes.pop("attachments", ()))),
        "contact": Contact(id=contact) if isinstance(contact, int) else contact,
        "received_at": at,
    }
    return Delivery(**(usual | changes))


def question(text: str = "Oi?", *, seconds: float = 30.0, **changes: Any) -> Question:
    """Return a contact's question in WhatsApp to the crew `customer_service`, to be answered within `seconds` from now.

    Every other name is a field of the question or of its origin.
    """
    usual: dict[str, Any] = {
        "account": "1",
        "channel": "whatsapp",
        "conversation": 1,
        "inbox": 1,
        "contact": Contact(id=1),
        "message": 1,
        "turn": "t",
        "folder": "a",
        "domain": "retail",
        "function": "customer_service",
        "history": (),
        "deadline": time.time() + seconds,
    } | changes
    origin = Origin(**{name: usual.pop(name) for name in _OF_ORIGIN & usual.keys()})
    return Question(text=text, origin=origin, **usual)


def account(key: str = "1", **changes: Any) -> Account:
    """Return an account whose Chatwoot nobody can reach, with the settings' defaults and a bot's token."""
    usual: dict[str, Any] = {
        "id": 1,
        "name": "Acme",
        "installation": Installation("default", "http://127.0.0.1:1"),
        "domain": "retail",
        "folder": "acme",
        "settings": Settings(),
        "webhook_secrets": (),
        "bot_token": Secret("bot"),
    }
    return Account(key=key, **(usual | changes))

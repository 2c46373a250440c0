"""Reads an update of a message: a chosen button, an edit, a deletion, a delivery state, or nothing. Pure.

message_updated comes for every change of a stored message, and says nothing about which (docs/reference/chatwoot.md).
"""

from dataclasses import dataclass, replace
from typing import Final

from chatwootai.channels.incoming import incoming
from chatwootai.channels.incoming.enclosed import UNSUPPORTED
from chatwootai.channels.incoming.heard import heard
from chatwootai.channels.incoming.words import channel_of
from chatwootai.model.message.delivery import Change, Delivery, Failure, Ignored, Reason, Withdrawn
from chatwootai.model.message.fields import Object, identifier, items, line, mapping, moment, text
from chatwootai.model.message.outbox import MARK
from chatwootai.model.policy.picked import listed

STATES: Final = ("sent", "delivered", "read", "failed")
_ASKING: Final = frozenset({"input_select", "input_email", "input_text", "input_textarea", "form", "cards"})
_EDITABLE_SECONDS: Final = 86_400.0  # later nobody here remembers what the message said before
_MOST_VALUES: Final = 20
_NOTHING: Final = Ignored(reason=Reason.EDIT_WITHOUT_NEW_CONTENT)


@dataclass(frozen=True, slots=True)
class _Arrived:
    account: str
    received_at: float
    delivery_id: str | None
    manner: incoming.Manner


def read(
    payload: Object,
    account: str,
    received_at: float,
    delivery_id: str | None = None,
    manner: incoming.Manner = incoming.PLAIN,
) -> Delivery | Ignored:
    """Read an update by its content. What is incomplete is ignored: an update can be done without."""
    try:
        return _read(payload, _Arrived(account, received_at, delivery_id, manner))
    except incoming.Incomplete:
        return _NOTHING


def _read(payload: Object, arrived: _Arrived) -> Delivery | Ignored:
    kind, attributes = incoming.kind_of(payload.get("message_type")), mapping(payload.get("content_attributes"))
    if attributes.get("deleted") is True:
        return _deleted(payload, arrived.account, arrived.received_at)
    if payload.get("private") is True:
        return _NOTHING
    if kind == "incoming":
        return _edited(payload, arrived)
    if kind != "outgoing":
        return _NOTHING
    chosen = _chosen(payload, attributes)
    return _answered(payload, chosen, arrived) if chosen else _state(payload, arrived.account)


def _deleted(payload: Object, account: str, received_at: float) -> Ignored:
    conversation, message = identifier(mapping(payload.get("conversation")).get("id")), identifier(payload.get("id"))
    if conversation is None or message is None:
        return _NOTHING
    at = moment(payload.get("created_at")) or received_at
    withdrawn = Withdrawn(account=account, conversation=conversation, message=message, at=at)
    return Ignored(reason=Reason.MESSAGE_DELETED, withdrawn=withdrawn)


def _edited(payload: Object, arrived: _Arrived) -> Delivery | Ignored:
    """A contact's message as it is now; whether that is anything new, the mailbox knows. Mails are never edited."""
    conversation = mapping(payload.get("conversation"))
    if (reason := incoming.not_for_us(payload, conversation, arrived.manner)) is not None:
        return Ignored(reason=reason)
    delivery = incoming.built(payload, conversation, arrived.account, arrived.received_at, arrived.delivery_id)
    said = delivery.message.text or any(one.kind != UNSUPPORTED for one in delivery.message.attachments)
    if not said or delivery.channel == "email" or arrived.received_at - delivery.message.at > _EDITABLE_SECONDS:
        return _NOTHING
    return replace(delivery, change=Change.EDIT)


def _chosen(payload: Object, attributes: Object) -> str:
    """Return what was chosen or filled in below a message of the bot's own, as the contact saw it."""
    if line(payload.get("content_type")) not in _ASKING or not _ours(payload):
        return ""
    email = line(attributes.get("submitted_email"), 320)
    submitted = attributes.get("submitted_values")
    if isinstance(submitted, dict):
        submitted = [{"name": name, "value": value} for name, value in submitted.items()]
    values = (_value(mapping(one)) for one in items(submitted, _MOST_VALUES))
    return email or "\n".join(filter(None, values))


def _value(one: Object) -> str:
    """A button by its title; a form's field with its name."""
    name, title, value = line(one.get("name"), 100), line(one.get("title"), 500), one.get("value")
    shown = title or (line(str(value), 1500) or "" if isinstance(value, str | int | float) else "")
    return f"{name}: {shown}" if name and shown else shown


def _ours(payload: Object) -> bool:
    ours = MARK in mapping(payload.get("content_attributes"))
    return ours or mapping(payload.get("sender")).get("type") == "agent_bot"


def _answered(payload: Object, chosen: str, arrived: _Arrived) -> Delivery | Ignored:
    """The choice as a message of the contact's. It has no id of its own: it has that of what it answers."""
    conversation = mapping(payload.get("conversation"))
    contact = mapping(mapping(conversation.get("meta")).get("sender"))
    account, received_at = arrived.account, arrived.received_at
    at = min(moment(_shown(payload, conversation).get("updated_at")) or received_at, received_at)
    said = {**payload, "content": chosen, "sender": contact, "attachments": (), "content_attributes": {}}
    said["created_at"] = at
    if (reason := incoming.not_for_us(said, conversation, arrived.manner)) is not None:
        return Ignored(reason=reason, heard=heard(said, account, received_at, reason))
    delivery = incoming.built(said, conversation, account, received_at, arrived.delivery_id)
    return replace(delivery, change=Change.CHOICE)


def _shown(payload: Object, conversation: Object) -> Object:
    """The message as `conversation.messages` has it, with what the event itself leaves out, if it is that one."""
    for one in items(conversation.get("messages"), 1):
        if mapping(one).get("id") == payload.get("id"):
            return mapping(one)
    return {}


def _state(payload: Object, account: str) -> Ignored:
    """Return the delivery state of a message of ours, or a teammate's."""
    conversation = mapping(payload.get("conversation"))
    status = _shown(payload, conversation).get("status")
    state = status if isinstance(status, str) and status in STATES else None
    why = line(mapping(payload.get("content_attributes")).get("external_error"), 500)
    failed = why is not None and state in (None, "failed") and _ours(payload)
    return Ignored(
        reason=Reason.EDIT_WITHOUT_NEW_CONTENT,
        state="failed" if failed else state,
        failure=_failure(payload, conversation, account, why) if failed and why else None,
    )


def _offered(payload: Object) -> list[str]:
    """The titles of the buttons below a message."""
    shown = items(mapping(payload.get("content_attributes")).get("items"), _MOST_VALUES)
    return list(filter(None, (line(mapping(one).get("title"), 100) for one in shown)))


def _failure(payload: Object, conversation: Object, account: str, why: str) -> Failure | None:
    number, message = identifier(conversation.get("id")), identifier(payload.get("id"))
    if number is None or message is None:
        return None
    source = line(mapping(conversation.get("contact_inbox")).get("source_id"))
    return Failure(
        account=account,
        conversation=number,
        inbox=identifier(conversation.get("inbox_id")) or 0,
        channel=channel_of(conversation.get("channel"), source, mapping(conversation.get("additional_attributes"))),
        message=message,
        why=why,
        text=listed(text(payload.get("content")), _offered(payload)),
        at=moment(payload.get("created_at")) or 0.0,
    )

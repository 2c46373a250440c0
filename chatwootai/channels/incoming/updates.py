"""Reads an update of a message: a chosen button, an edit, a deletion, a delivery state, or nothing. Pure.

message_updated comes for every change of a stored message, and says nothing about which (docs/reference/chatwoot.md).
"""

from dataclasses import replace
from typing import Final

from chatwootai.channels.incoming import mail, messages
from chatwootai.channels.incoming.attachments import UNSUPPORTED
from chatwootai.channels.incoming.observed import is_form, observe
from chatwootai.channels.incoming.receipt import Receipt
from chatwootai.model.message.delivery import Change, Delivery, Message, Reason
from chatwootai.model.message.effects import DeletedMessage, DeliveryState, Effect, FailedMessage, Ignored
from chatwootai.model.message.fields import Object, flag, identifier, items, line, mapping, moment, shown, text
from chatwootai.model.message.outbox import MARK
from chatwootai.model.policy.numbered_choice import with_choices
from chatwootai.model.text.normalize import abridge

STATES: Final = ("sent", "delivered", "read", "failed")
_ASKING: Final = frozenset({"input_select", "input_email", "input_text", "input_textarea", "form", "cards"})
_EDITABLE_SECONDS: Final = 86_400.0  # later nobody here remembers what the message said before
_MOST_VALUES: Final = 20
_NOTHING_NEW: Final = Ignored(reason=Reason.EDIT_WITHOUT_NEW_CONTENT)


def read_update(message: Object, conversation: Object, receipt: Receipt) -> Delivery | Ignored:
    """Return what an update tells. What is incomplete is ignored: an update can be done without."""
    try:
        return _read_update(message, conversation, receipt)
    except messages.Incomplete:
        return _NOTHING_NEW


def _read_update(message: Object, conversation: Object, receipt: Receipt) -> Delivery | Ignored:
    kind, attributes = messages.kind_of(message.get("message_type")), mapping(message.get("content_attributes"))
    if flag(attributes.get("deleted")):
        return _read_deletion(message, conversation, receipt)
    if flag(message.get("private")):
        return _NOTHING_NEW
    if kind == "incoming":
        return _read_edit(message, conversation, receipt)
    if kind != "outgoing":
        return _NOTHING_NEW
    chosen = _chosen_text(message, attributes)
    if chosen:
        return _read_choice(message, conversation, chosen, receipt)
    return Ignored(
        reason=Reason.EDIT_WITHOUT_NEW_CONTENT, effects=_delivery_effects(message, conversation, receipt.account)
    )


def _read_deletion(message: Object, conversation: Object, receipt: Receipt) -> Ignored:
    number, own = identifier(conversation.get("id")), identifier(message.get("id"))
    if number is None or own is None:
        return _NOTHING_NEW
    at = moment(message.get("created_at")) or receipt.received_at
    deleted = DeletedMessage(account=receipt.account, conversation=number, message=own, at=at)
    return Ignored(reason=Reason.MESSAGE_DELETED, effects=(deleted,))


def _read_edit(message: Object, conversation: Object, receipt: Receipt) -> Delivery | Ignored:
    """Return a contact's message as it is now; whether that is new, the mailbox knows. Mails are never edited."""
    sender = mapping(message.get("sender"))
    reason = messages.why_not_ours(sender, conversation, receipt.rules, mail.mail_of(message))
    if reason is not None:
        return Ignored(reason=reason)
    delivery = messages.build_delivery(message, conversation, receipt)
    said = delivery.message.text or any(one.kind != UNSUPPORTED for one in delivery.message.attachments)
    if not said or delivery.channel == "email" or receipt.received_at - delivery.message.at > _EDITABLE_SECONDS:
        return _NOTHING_NEW
    return replace(delivery, change=Change.EDIT)


def _chosen_text(message: Object, attributes: Object) -> str:
    """Return what was chosen or filled in below a message of the bot's own, as the contact saw it."""
    if line(message.get("content_type")) not in _ASKING or not _is_ours(message):
        return ""
    email = line(attributes.get("submitted_email"), 320)
    submitted = attributes.get("submitted_values")
    if isinstance(submitted, dict) and ("title" in submitted or "value" in submitted):
        submitted = [submitted]  # one choice, without the list around it
    elif isinstance(submitted, dict):
        submitted = [{"name": name, "value": value} for name, value in submitted.items()]
    values = (_value_text(mapping(one)) for one in items(submitted, _MOST_VALUES))
    return text(email or "\n".join(filter(None, values)))


def _value_text(one: Object) -> str:
    """Return a button by its title, a form's field with its name."""
    name, value = line(one.get("name"), 100), line(one.get("title"), 500) or shown(one.get("value"), 1500)
    return f"{name}: {value}" if name and value else value


def _is_ours(message: Object) -> bool:
    marked = MARK in mapping(message.get("content_attributes"))
    return marked or mapping(message.get("sender")).get("type") == "agent_bot"


def _read_choice(message: Object, conversation: Object, chosen: str, receipt: Receipt) -> Delivery | Ignored:
    """Return the choice as a message of the contact's. It has no id of its own: it has that of what it answers."""
    contact = mapping(mapping(conversation.get("meta")).get("sender"))
    received_at = receipt.received_at
    at = min(moment(_listed_message(message, conversation).get("updated_at")) or received_at, received_at)
    if (reason := messages.why_not_ours(contact, conversation, receipt.rules)) is not None:
        said = abridge(chosen) if reason is Reason.NOT_PENDING and not is_form(message) else ""
        seen = observe(message, conversation, receipt, reason, text=said, at=at)
        return Ignored(reason=reason, effects=(seen,) if seen else ())
    if (number := identifier(message.get("id"))) is None:
        return _NOTHING_NEW
    location = messages.location_of(message, conversation)
    answer = Message(id=number, text=chosen, at=at)
    return replace(messages.deliver(answer, contact, conversation, location, receipt), change=Change.CHOICE)


def _listed_message(message: Object, conversation: Object) -> Object:
    """Return it as `conversation.messages` has it, with what the event itself leaves out; empty if it is another."""
    for one in items(conversation.get("messages"), 1):
        if mapping(one).get("id") == message.get("id"):
            return mapping(one)
    return {}


def _delivery_effects(message: Object, conversation: Object, account: str) -> tuple[Effect, ...]:
    """Return the delivery state of a message of ours or a teammate's, and its failure if it is ours."""
    status = _listed_message(message, conversation).get("status")
    state = status if isinstance(status, str) and status in STATES else None
    why = line(mapping(message.get("content_attributes")).get("external_error"), 500)
    if why is None or state not in (None, "failed") or not _is_ours(message):
        return (DeliveryState(state),) if state else ()
    failure = _failure(message, conversation, account, why)
    return (DeliveryState("failed"), failure) if failure else (DeliveryState("failed"),)


def _button_titles(message: Object) -> list[str]:
    offered = items(mapping(message.get("content_attributes")).get("items"), _MOST_VALUES)
    return list(filter(None, (line(mapping(one).get("title"), 100) for one in offered)))


def _failure(message: Object, conversation: Object, account: str, why: str) -> FailedMessage | None:
    number, own = identifier(conversation.get("id")), identifier(message.get("id"))
    if number is None or own is None:
        return None
    return FailedMessage(
        account=account,
        conversation=number,
        inbox=identifier(conversation.get("inbox_id")) or 0,
        channel=messages.location_of(message, conversation).channel,
        message=own,
        why=why,
        text=with_choices(text(message.get("content")), _button_titles(message)),
        at=moment(message.get("created_at")) or 0.0,
    )

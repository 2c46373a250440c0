"""A message of Chatwoot's: does it need an answer, and what exactly did the contact send? Pure.

Read from a message_created webhook, or from what the API lists, put into the webhook's shape.
"""

import re
from dataclasses import dataclass
from typing import Final

from chatwootai.channels.incoming import letter
from chatwootai.channels.incoming.authors import author
from chatwootai.channels.incoming.enclosed import enclosed
from chatwootai.channels.incoming.groups import is_group
from chatwootai.channels.incoming.quoted import said_now
from chatwootai.channels.incoming.words import channel_of
from chatwootai.model.message.delivery import Attachment, Contact, Delivery, Message, Reason
from chatwootai.model.message.fields import Object, identifier, items, line, mapping, moment, text

_MILLISECONDS: Final = 100_000_000_000  # a number beyond it counts them
_MOST_LABELS: Final = 50
_MOST_CUSTOM: Final = 32
_MOST_QUOTED: Final = 6000
_TYPES: Final = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}  # as numbers inside conversation.messages
_STICKER: Final = re.compile(r"!\[sticker[^\[\]\n]{0,200}\]\([^()\n]{0,2000}\)")  # LINE's come as Markdown


class Incomplete(ValueError):
    """A message without what every message has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """An inbox's settings for reading messages.

    `groups`: they are answered too; `most_seconds`: older messages are nobody's turn (None: no limit);
    `unsigned_is_person`: what nobody has signed was written by a person.
    """

    groups: bool = False
    most_seconds: float | None = None
    unsigned_is_person: bool = True


PLAIN: Final = Manner()


def read(
    payload: Object, account: str, received_at: float, delivery_id: str | None = None, manner: Manner = PLAIN
) -> Delivery | Reason:
    """Read a message: the delivery that it is, or why it needs no turn.

    Raises:
        Incomplete: no kind, or a contact's message without its id, conversation, inbox or contact.
    """
    conversation = mapping(payload.get("conversation"))
    reason = _needs_no_turn(payload, conversation, manner)
    if reason is None and is_old(payload, received_at, manner):
        reason = Reason.TOO_OLD
    if reason is not None:
        return reason
    delivery = built(payload, conversation, account, received_at, delivery_id)
    return delivery if delivery.message.text or delivery.message.attachments else Reason.EMPTY


def _needs_no_turn(payload: Object, conversation: Object, manner: Manner) -> Reason | None:
    kind = kind_of(payload.get("message_type"))
    if payload.get("private") is True:
        return Reason.PRIVATE_NOTE
    if mapping(payload.get("content_attributes")).get("deleted") is True:
        return Reason.MESSAGE_DELETED
    if kind == "outgoing":
        return author(payload, unsigned_is_person=manner.unsigned_is_person)
    if payload.get("content_type") == "voice_call":
        return Reason.ACTIVITY  # it rings at people's
    if kind != "incoming":
        return {"template": Reason.TEMPLATE, "activity": Reason.ACTIVITY}.get(kind, Reason.UNKNOWN_EVENT)
    return not_for_us(payload, conversation, manner)


def not_for_us(payload: Object, conversation: Object, manner: Manner = PLAIN) -> Reason | None:
    """Return why what this contact said is not ours to answer; None: it is."""
    if _blocked(payload, conversation):
        return Reason.CONTACT_BLOCKED
    if _automatic(payload, conversation):
        return Reason.AUTOMATIC_MAIL
    if not manner.groups and is_group(payload, conversation):
        return Reason.GROUP
    return None if conversation.get("status") == "pending" else Reason.NOT_PENDING


def kind_of(value: object) -> str:
    """incoming, outgoing, activity or template, or a kind that is not known.

    Raises:
        Incomplete: there is none.
    """
    kind = _TYPES.get(value) if type(value) is int else value
    if not isinstance(kind, str):
        raise Incomplete("the message has no message_type")
    return kind


def is_old(payload: Object, received_at: float, manner: Manner) -> bool:
    """Tell whether a message was written longer ago than this inbox answers: history that somebody imports."""
    return manner.most_seconds is not None and received_at - written_at(payload, received_at) > manner.most_seconds


def written_at(payload: Object, otherwise: float) -> float:
    """Return when a message was written, in unix seconds: imported ones say so beside the time of their import."""
    original = mapping(payload.get("content_attributes")).get("external_created_at")
    if isinstance(original, int | float) and original > _MILLISECONDS:
        original = original / 1000
    known = [at for each in (payload.get("created_at"), original) if (at := moment(each)) is not None]
    return min(known, default=otherwise)


def _blocked(payload: Object, conversation: Object) -> bool:
    known_as = mapping(mapping(conversation.get("meta")).get("sender"))
    return mapping(payload.get("sender")).get("blocked") is True or known_as.get("blocked") is True


def _automatic(payload: Object, conversation: Object) -> bool:
    """An answering machine's mail. The message's own flag counts; the conversation's is that of its first mail."""
    if letter.by_machine(payload):
        return True
    own = letter.of(payload).get("auto_reply")
    if isinstance(own, bool):
        return own
    return mapping(conversation.get("additional_attributes")).get("auto_reply") is True


def built(payload: Object, conversation: Object, account: str, received_at: float, delivery_id: str | None) -> Delivery:
    """A contact's message as a delivery, whatever it says.

    Raises:
        Incomplete: without its id, conversation, inbox or contact.
    """
    meta = mapping(conversation.get("meta"))
    about = mapping(conversation.get("additional_attributes"))
    contact_inbox = mapping(conversation.get("contact_inbox"))
    channel = channel_of(conversation.get("channel"), line(contact_inbox.get("source_id")), about)
    inbox = identifier(conversation.get("inbox_id")) or identifier(mapping(payload.get("inbox")).get("id"))
    return Delivery(
        account=account,
        conversation=_required(identifier(conversation.get("id")), "the conversation has no id"),
        inbox=_required(inbox, "the message names no inbox"),
        channel=channel,
        message=_message(payload, conversation, channel, received_at),
        contact=_contact(mapping(payload.get("sender")), meta, contact_inbox, channel),
        received_at=received_at,
        delivery_id=delivery_id,
        can_reply=conversation.get("can_reply") is not False,
        labels=tuple(filter(None, (line(label, 255) for label in items(conversation.get("labels"), _MOST_LABELS)))),
        subject=line(about.get("mail_subject")) or line(letter.of(payload).get("subject")),
        language=line(about.get("conversation_language"), 35) or line(about.get("browser_language"), 35),
        waiting_since=moment(conversation.get("waiting_since")),
        assignee=_assignee(meta),
        custom=_custom(mapping(conversation.get("custom_attributes"))),
        cc=letter.copied(payload, line(mapping(payload.get("sender")).get("email"))) if channel == "email" else (),
        carrier=line(conversation.get("channel"), 60),
    )


def _assignee(meta: Object) -> int | None:
    """The teammate who is named; a bot is none. Before there were bots to assign, no type was given."""
    person = meta.get("assignee_type") in (None, "User")
    return identifier(mapping(meta.get("assignee")).get("id")) if person else None


def _required(value: int | None, otherwise: str) -> int:
    if value is None:
        raise Incomplete(otherwise)
    return value


def _message(payload: Object, conversation: Object, channel: str, received_at: float) -> Message:
    attributes = mapping(payload.get("content_attributes"))
    number = _required(identifier(payload.get("id")), "the message has no id")
    return Message(
        id=number,
        # Chatwoot writes a sentence of its own where the contact sent what it cannot show: not the contact's words.
        text="" if attributes.get("is_unsupported") is True else words(payload, conversation),
        at=moment(payload.get("created_at")) or received_at,
        attachments=(*_passed_on(payload), *enclosed(payload, channel)),
        in_reply_to=identifier(attributes.get("in_reply_to")),
    )


def words(payload: Object, conversation: Object) -> str:
    """Return the text; of a mail, without the quoted thread (the names are inverted: docs/reference/chatwoot.md)."""
    mail = letter.of(payload)
    if not mail:
        said = text(payload.get("content"))
        return (_STICKER.sub("[sticker]", said) if "![" in said else said) or _filled_in(payload)
    trimmed = text(mapping(mail.get("text_content")).get("quoted")) or text(
        mapping(mail.get("html_content")).get("quoted")
    )
    whole = trimmed or _processed(conversation, identifier(payload.get("id"))) or text(payload.get("content"))
    return said_now(whole) or line(mail.get("subject")) or ""  # some write nothing but a subject


def _passed_on(payload: Object) -> tuple[Attachment, ...]:
    """Return what a mail quotes or forwards, if it says nothing else: to be read, but not what the contact says now."""
    whole = text(payload.get("content")) if letter.of(payload) else ""
    return (Attachment(kind="quoted", content=whole[:_MOST_QUOTED]),) if whole and not said_now(whole) else ()


def _filled_in(payload: Object) -> str:
    """Return what was entered in one of WhatsApp's forms."""
    flow = mapping(mapping(payload.get("content_attributes")).get("whatsapp_flow_response"))
    pairs = list(flow.items())[:_MOST_CUSTOM]
    return "\n".join(
        f"{line(name, 100) or ''}: {line(str(value), 500) or ''}"
        for name, value in pairs
        if isinstance(value, str | int | float)
    )


def _processed(conversation: Object, number: int | None) -> str:
    """The trimmed text in conversation.messages, whose one message is not always the event's."""
    for one in items(conversation.get("messages"), 1):
        if mapping(one).get("id") == number:
            return text(mapping(one).get("processed_message_content"))
    return ""


def _contact(sender: Object, meta: Object, contact_inbox: Object, channel: str) -> Contact:
    """The sender; before a contact's `sender` was whole, and in bridges, only `meta.sender` may be there."""
    known_as = mapping(meta.get("sender"))
    number = identifier(sender.get("id")) or identifier(known_as.get("id"))

    def said(key: str) -> str | None:
        return line(sender.get(key), 500) or line(known_as.get(key), 500)

    vouched = meta.get("hmac_verified") is True or contact_inbox.get("hmac_verified") is True
    return Contact(
        id=_required(number, "the message has no contact"),
        name=said("name"),
        phone=said("phone_number"),
        email=said("email"),
        identifier=said("identifier"),
        verified=vouched or channel == "whatsapp",  # WhatsApp vouches for the number (docs/reference/chatwoot.md)
    )


def _custom(attributes: Object) -> dict[str, str]:
    """The conversation's custom attributes, as text; lists and objects are left out."""
    pairs = list(attributes.items())[:_MOST_CUSTOM]
    return {
        line(key, 100) or "": line(str(value), 1500) or ""
        for key, value in pairs
        if isinstance(value, str | int | float) and value != ""
    }

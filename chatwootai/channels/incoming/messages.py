"""Reads a contact's message: whether it needs a turn, and what exactly was sent. Pure.

`message` is the object of a message and `conversation` that of its conversation, as a webhook, a conversation's
`messages` or the API has them.
"""

import re
from typing import Final, NamedTuple

from chatwootai.channels.incoming import mail
from chatwootai.channels.incoming.attachments import read_attachments
from chatwootai.channels.incoming.authors import author_of
from chatwootai.channels.incoming.channel_names import channel_of
from chatwootai.channels.incoming.groups import is_group
from chatwootai.channels.incoming.quotes import without_quotes
from chatwootai.channels.incoming.receipt import DEFAULT_RULES, ReadingRules, Receipt
from chatwootai.model.message.delivery import Attachment, Contact, Delivery, Message, Reason
from chatwootai.model.message.fields import EMPTY, Object, flag, identifier, items, line, mapping, moment, shown, text

_MILLISECONDS: Final = 100_000_000_000  # a number beyond it counts them
_MOST_LABELS: Final = 50
_MOST_CUSTOM: Final = 32
_MOST_QUOTED: Final = 6000
_TYPES: Final = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}  # as numbers inside conversation.messages
_NUMBERS: Final = frozenset(map(str, _TYPES))
_STICKER: Final = re.compile(r"!\[sticker[^\[\]\n]{0,200}\]\([^()\n]{0,2000}\)")  # LINE's come as Markdown


class Incomplete(ValueError):
    """A message without what every message has."""


def read_message(message: Object, conversation: Object, receipt: Receipt) -> Delivery | Reason:
    """Return the delivery that a message is, or the reason why it needs no turn.

    Raises:
        Incomplete: no kind, or a contact's message without its id, conversation, inbox or contact.
    """
    reason = _needs_no_turn(message, conversation, receipt.rules)
    if reason is None and is_old(message, receipt):
        reason = Reason.TOO_OLD
    if reason is not None:
        return reason
    delivery = build_delivery(message, conversation, receipt)
    return delivery if delivery.message.text or delivery.message.attachments else Reason.EMPTY


def _needs_no_turn(message: Object, conversation: Object, rules: ReadingRules) -> Reason | None:
    kind = kind_of(message.get("message_type"))
    if flag(message.get("private")):
        return Reason.PRIVATE_NOTE
    if flag(mapping(message.get("content_attributes")).get("deleted")):
        return Reason.MESSAGE_DELETED
    if kind == "outgoing":
        return author_of(message, unsigned_is_person=rules.unsigned_is_person)
    if message.get("content_type") == "voice_call":
        return Reason.ACTIVITY  # it rings at people's
    if kind != "incoming":
        return {"template": Reason.TEMPLATE, "activity": Reason.ACTIVITY}.get(kind, Reason.UNKNOWN_EVENT)
    return why_not_ours(mapping(message.get("sender")), conversation, rules, mail.mail_of(message))


def why_not_ours(
    sender: Object, conversation: Object, rules: ReadingRules = DEFAULT_RULES, letter: Object = EMPTY
) -> Reason | None:
    """Return why what this contact (`sender`) said is not ours to answer, None if it is. `letter`: the mail in it."""
    if _is_blocked(sender, conversation):
        return Reason.CONTACT_BLOCKED
    if _automatic(sender, conversation, letter):
        return Reason.AUTOMATIC_MAIL
    if not rules.groups and is_group(sender, conversation):
        return Reason.GROUP
    return None if conversation.get("status") == "pending" else Reason.NOT_PENDING


def kind_of(value: object) -> str:
    """incoming, outgoing, activity or template, or a kind that is not known.

    Raises:
        Incomplete: there is none.
    """
    number = int(value) if isinstance(value, str) and value in _NUMBERS else value
    kind = _TYPES.get(number) if type(number) is int else number
    if not isinstance(kind, str):
        raise Incomplete("the message has no message_type")
    return kind.lower()


def is_old(message: Object, receipt: Receipt) -> bool:
    """Return whether a message was written longer ago than its inbox answers: history that somebody imports."""
    most = receipt.rules.most_seconds
    return most is not None and receipt.received_at - written_at(message, receipt.received_at) > most


def written_at(message: Object, otherwise: float) -> float:
    """Return when a message was written, in unix seconds: imported ones say so beside the time of their import."""
    original = mapping(message.get("content_attributes")).get("external_created_at")
    if isinstance(original, int | float) and original > _MILLISECONDS:
        original = original / 1000
    known = [at for each in (message.get("created_at"), original) if (at := moment(each)) is not None]
    return min(known, default=otherwise)


def _is_blocked(sender: Object, conversation: Object) -> bool:
    known_as = mapping(mapping(conversation.get("meta")).get("sender"))
    return flag(sender.get("blocked")) or flag(known_as.get("blocked"))


def _automatic(sender: Object, conversation: Object, letter: Object) -> bool:
    """Return whether an answering machine wrote. The mail's own flag counts; the conversation's is of its first."""
    if mail.is_automatic(letter, sender):
        return True
    own = letter.get("auto_reply")
    if isinstance(own, bool):
        return own
    return flag(mapping(conversation.get("additional_attributes")).get("auto_reply"))


def build_delivery(message: Object, conversation: Object, receipt: Receipt) -> Delivery:
    """Return a contact's message as a delivery, whatever it says.

    Raises:
        Incomplete: without its id, conversation, inbox or contact.
    """
    sender = mapping(message.get("sender"))
    location = location_of(message, conversation)
    email = location.channel == "email"
    return deliver(
        _message(message, conversation, location.channel, receipt.received_at),
        sender,
        conversation,
        location,
        receipt,
        subject=line(mail.mail_of(message).get("subject")),
        cc=mail.copied_addresses(message, line(sender.get("email"))) if email else (),
    )


class Location(NamedTuple):
    """Place where a message was written: `inbox` as Chatwoot numbers it, `channel` in our word."""

    inbox: int | None
    channel: str


def location_of(message: Object, conversation: Object) -> Location:
    """Return the inbox and channel of a message."""
    source = line(mapping(conversation.get("contact_inbox")).get("source_id"))
    inbox = identifier(conversation.get("inbox_id")) or identifier(mapping(message.get("inbox")).get("id"))
    about = mapping(conversation.get("additional_attributes"))
    return Location(inbox, channel_of(conversation.get("channel"), source, about))


def deliver(
    message: Message,
    sender: Object,
    conversation: Object,
    location: Location,
    receipt: Receipt,
    *,
    subject: str | None = None,
    cc: tuple[str, ...] = (),
) -> Delivery:
    """Return a message as a delivery of its conversation. `subject`: the mail's, where the conversation has none.

    Raises:
        Incomplete: no conversation, inbox or contact is named.
    """
    meta = mapping(conversation.get("meta"))
    about = mapping(conversation.get("additional_attributes"))
    return Delivery(
        account=receipt.account,
        conversation=_require(identifier(conversation.get("id")), "the conversation has no id"),
        inbox=_require(location.inbox, "the message names no inbox"),
        channel=location.channel,
        message=message,
        contact=_contact(sender, meta, mapping(conversation.get("contact_inbox")), location.channel),
        received_at=receipt.received_at,
        delivery_id=receipt.delivery_id,
        can_reply=conversation.get("can_reply") is not False,
        labels=_labels(conversation.get("labels")),
        subject=line(about.get("mail_subject")) or subject,
        language=line(about.get("conversation_language"), 35) or line(about.get("browser_language"), 35),
        waiting_since=moment(conversation.get("waiting_since")),
        assignee=_assignee(meta),
        custom=_custom(mapping(conversation.get("custom_attributes"))),
        cc=cc,
        carrier=line(conversation.get("channel"), 60),
    )


def _labels(value: object) -> tuple[str, ...]:
    return tuple(filter(None, (line(label, 255) for label in items(value, _MOST_LABELS)))) if value else ()


def _assignee(meta: Object) -> int | None:
    """Return the teammate who is named; a bot is none. Before there were bots to assign, no type was given."""
    person = meta.get("assignee_type") in (None, "User")
    return identifier(mapping(meta.get("assignee")).get("id")) if person else None


def _require(value: int | None, otherwise: str) -> int:
    if value is None:
        raise Incomplete(otherwise)
    return value


def _message(message: Object, conversation: Object, channel: str, received_at: float) -> Message:
    attributes = mapping(message.get("content_attributes"))
    number = _require(identifier(message.get("id")), "the message has no id")
    return Message(
        id=number,
        # Chatwoot writes a sentence of its own where the contact sent what it cannot show: not the contact's words.
        text="" if flag(attributes.get("is_unsupported")) else message_text(message, conversation),
        at=moment(message.get("created_at")) or received_at,
        attachments=(*_quoted_mail(message), *read_attachments(message, channel)),
        in_reply_to=identifier(attributes.get("in_reply_to")),
    )


def message_text(message: Object, conversation: Object) -> str:
    """Return the text; of a mail, without the quoted thread (the names are inverted: docs/reference/chatwoot.md)."""
    letter = mail.mail_of(message)
    if not letter:
        said = text(message.get("content"))
        return (_STICKER.sub("[sticker]", said) if "![" in said else said) or _form_text(message)
    trimmed = text(mapping(letter.get("text_content")).get("quoted")) or text(
        mapping(letter.get("html_content")).get("quoted")
    )
    whole = trimmed or _trimmed_text(conversation, identifier(message.get("id"))) or text(message.get("content"))
    return without_quotes(whole) or line(letter.get("subject")) or ""  # some write nothing but a subject


def _quoted_mail(message: Object) -> tuple[Attachment, ...]:
    """Return what a mail quotes or forwards, if it says nothing else: to be read, but not what the contact says now."""
    whole = text(message.get("content")) if mail.mail_of(message) else ""
    return (Attachment(kind="quoted", content=whole[:_MOST_QUOTED]),) if whole and not without_quotes(whole) else ()


def _form_text(message: Object) -> str:
    """Return what was entered in one of WhatsApp's forms."""
    flow = mapping(mapping(message.get("content_attributes")).get("whatsapp_flow_response"))
    pairs = list(flow.items())[:_MOST_CUSTOM]
    entered = ((line(name, 100), shown(value, 500)) for name, value in pairs if name != "flow_token")
    return "\n".join(f"{name or ''}: {value}" for name, value in entered if value)


def _trimmed_text(conversation: Object, number: int | None) -> str:
    """Return the trimmed text in conversation.messages, whose one message is not always the event's."""
    for one in items(conversation.get("messages"), 1):
        if mapping(one).get("id") == number:
            return text(mapping(one).get("processed_message_content"))
    return ""


def _contact(sender: Object, meta: Object, contact_inbox: Object, channel: str) -> Contact:
    """Return the sender; before a contact's `sender` was whole, and in bridges, only `meta.sender` may be there."""
    known_as = mapping(meta.get("sender"))
    number = identifier(sender.get("id")) or identifier(known_as.get("id"))

    def said(key: str) -> str | None:
        return line(sender.get(key), 500) or line(known_as.get(key), 500)

    vouched = meta.get("hmac_verified") is True or contact_inbox.get("hmac_verified") is True
    return Contact(
        id=_require(number, "the message has no contact"),
        name=said("name"),
        phone=said("phone_number"),
        email=said("email"),
        identifier=said("identifier"),
        verified=vouched or channel == "whatsapp",  # WhatsApp vouches for the number (docs/reference/chatwoot.md)
    )


def _custom(attributes: Object) -> dict[str, str]:
    """Return the conversation's custom attributes, as text; lists and objects are left out."""
    if not attributes:
        return {}
    pairs = list(attributes.items())[:_MOST_CUSTOM]
    return {
        line(key, 100) or "": line(str(value), 1500) or ""
        for key, value in pairs
        if isinstance(value, str | int | float) and value != ""
    }

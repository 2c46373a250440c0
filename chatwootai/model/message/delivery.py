"""Values that the door makes of a webhook: a delivery that needs a turn, or a reason why it needs none."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """Author of a message. A teammate speaks for the company and is not the crew: people, automations, other bots."""

    CONTACT = "contact"
    CREW = "crew"
    TEAMMATE = "teammate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file, place or card beside a message. `kind` is Chatwoot's file_type; `url` may not be ready yet.

    `transcript`: what is said in it; `content`: what stands in it; `problem`: why it was not opened.
    """

    kind: str
    url: str | None = None
    content_type: str | None = None
    title: str | None = None
    transcript: str | None = None
    content: str | None = None
    problem: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The person writing. `verified`: the channel or an HMAC vouches for who this is."""

    id: int
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    identifier: str | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a contact. `id` orders a conversation; `at` is Chatwoot's created_at in unix seconds."""

    id: int
    text: str
    at: float
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: int | None = None


class Change(StrEnum):
    """Origin of a delivery's message."""

    NEW = "new"  # written
    EDIT = "edit"  # written before, changed now
    CHOICE = "choice"  # a button or form below a message of ours, whose id it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One customer message, parsed from a verified webhook request and in need of a turn.

    `account` is the mapping's key (the last segment of the webhook address), `conversation` Chatwoot's display id,
    `received_at` unix seconds: the moment the clock of this answer starts. `assignee` is the teammate who was named
    when the message came: one who is named later has stepped in. `cc`: who had a copy of a mail. `carrier`: Chatwoot's
    class of the inbox, by which Meta's WhatsApp and Twilio's differ.
    """

    account: str
    conversation: int
    inbox: int
    channel: str
    message: Message
    contact: Contact
    received_at: float
    delivery_id: str | None = None
    can_reply: bool = True
    labels: tuple[str, ...] = ()
    subject: str | None = None
    language: str | None = None
    waiting_since: float | None = None
    assignee: int | None = None
    custom: dict[str, str] = field(default_factory=dict)
    cc: tuple[str, ...] = ()
    carrier: str | None = None
    change: Change = Change.NEW


class Reason(StrEnum):
    """Reasons why a delivery needs no turn: the fixed list that `{"status": "ignored", "reason": ...}` draws from."""

    OUTGOING_OWN = "outgoing_own"  # our reply, or another bot's, echoed back
    OUTGOING_TEAMMATE = "outgoing_teammate"  # a person answered, in Chatwoot or on the paired phone
    OUTGOING_AUTOMATION = "outgoing_automation"  # an automation rule or campaign wrote
    PRIVATE_NOTE = "private_note"
    TEMPLATE = "template"  # greeting, out of office, CSAT
    ACTIVITY = "activity"
    NOT_PENDING = "not_pending"  # people own the conversation, or nobody waits
    CONTACT_BLOCKED = "contact_blocked"
    AUTOMATIC_MAIL = "automatic_mail"
    GROUP = "group"  # a group, a list, a status feed: whoever reads there asked nobody
    TOO_OLD = "too_old"  # written longer ago than the inbox answers
    AUTOMATION_EVENT = "automation_event"  # unsigned senders: automation rules and macros
    EDIT_WITHOUT_NEW_CONTENT = "edit_without_new_content"
    MESSAGE_DELETED = "message_deleted"  # taken back by whoever wrote it: no longer waits, no longer remembered
    CONVERSATION_EVENT = "conversation_event"
    CONTACT_EVENT = "contact_event"
    INBOX_EVENT = "inbox_event"
    TYPING = "typing"
    WIDGET_OPENED = "widget_opened"
    EMPTY = "empty"  # nothing a crew could answer: no text, no attachment
    UNKNOWN_EVENT = "unknown_event"

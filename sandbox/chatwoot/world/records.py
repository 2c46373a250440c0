"""Records that a Chatwoot keeps. Times are unix seconds; ids are Chatwoot's, never derived from content."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Json = dict[str, Any]
Status = Literal["open", "resolved", "pending", "snoozed"]
STATUSES: Final[tuple[Status, ...]] = ("open", "resolved", "pending", "snoozed")
PRIORITIES: Final = ("low", "medium", "high", "urgent")
INCOMING, OUTGOING, ACTIVITY, TEMPLATE = 0, 1, 2, 3
MESSAGE_TYPES: Final = {"incoming": INCOMING, "outgoing": OUTGOING, "activity": ACTIVITY, "template": TEMPLATE}


@dataclass(slots=True)
class Account:
    """A tenant's account. `keep_pending` is Chatwoot's keep_pending_on_bot_failure."""

    id: int
    name: str
    domain: str = ""
    tenant: str = ""
    locale: str = "pt_BR"
    keep_pending: bool = False
    questions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class User:
    """A teammate. `role` is "administrator" or "agent"."""

    id: int
    account_id: int
    name: str
    email: str
    role: str
    token: str
    availability: str = "online"


@dataclass(slots=True)
class AgentBot:
    """The bot that answers first; `outgoing_url` is told of everything in the inboxes it is bound to."""

    id: int
    account_id: int | None
    name: str
    outgoing_url: str
    secret: str
    token: str
    description: str = ""
    bot_config: Json = field(default_factory=dict)


@dataclass(slots=True)
class Inbox:
    """A door of an account. `medium` is a key of `media.MEDIA`; `webhook_url` only means something for API inboxes."""

    id: int
    account_id: int
    name: str
    medium: str
    agent_bot_id: int | None = None
    webhook_url: str | None = None
    secret: str = ""
    lock_to_single: bool = False
    csat: bool = False
    greeting: str | None = None
    working_hours_enabled: bool = False
    timezone: str = "America/Sao_Paulo"


@dataclass(slots=True)
class Contact:
    """The person writing."""

    id: int
    account_id: int
    name: str
    created_at: float
    email: str | None = None
    phone_number: str | None = None
    identifier: str | None = None
    blocked: bool = False
    additional_attributes: Json = field(default_factory=dict)
    custom_attributes: Json = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    notes: list[Json] = field(default_factory=list)
    last_activity_at: float = 0.0


@dataclass(slots=True)
class ContactInbox:
    """A contact's address in one inbox."""

    id: int
    contact_id: int
    inbox_id: int
    source_id: str
    created_at: float
    pubsub_token: str
    hmac_verified: bool = False


@dataclass(slots=True)
class Message:
    """One entry of a conversation. `sender_type` is "Contact", "User", "AgentBot" or None."""

    id: int
    account_id: int
    inbox_id: int
    conversation_id: int
    message_type: int
    content: str | None
    created_at: float
    updated_at: float
    sender_type: str | None = None
    sender_id: int | None = None
    private: bool = False
    status: str = "sent"
    source_id: str | None = None
    content_type: str = "text"
    content_attributes: Json = field(default_factory=dict)
    additional_attributes: Json = field(default_factory=dict)
    attachments: list[Json] = field(default_factory=list)
    processed: str | None = None
    wire: str | None = None

    @property
    def counts(self) -> bool:
        """Tell whether it may stand as the conversation's last message: neither a note nor an activity line."""
        return not self.private and self.message_type != ACTIVITY


@dataclass(slots=True)
class Conversation:
    """A thread. `id` is the display id, counted per account; `waiting_since` 0 when nobody waits."""

    id: int
    account_id: int
    inbox_id: int
    contact_inbox_id: int
    uuid: str
    created_at: float
    updated_at: float
    status: Status = "open"
    assignee_id: int | None = None
    assignee_bot_id: int | None = None
    team_id: int | None = None
    priority: str | None = None
    labels: list[str] = field(default_factory=list)
    custom_attributes: Json = field(default_factory=dict)
    additional_attributes: Json = field(default_factory=dict)
    snoozed_until: float | None = None
    waiting_since: float = 0.0
    first_reply_at: float | None = None
    last_activity_at: float = 0.0
    unread: int = 0
    muted: bool = False
    window_closed: bool = False
    announced: bool = False
    messages: list[Message] = field(default_factory=list)

    @property
    def key(self) -> tuple[int, int]:
        """Return where the world keeps it: account and display id."""
        return (self.account_id, self.id)

    @property
    def last_message(self) -> Message | None:
        """Return the newest message that is neither a note nor an activity line."""
        return next((message for message in reversed(self.messages) if message.counts), None)


@dataclass(slots=True)
class Team:
    """A group of teammates."""

    id: int
    account_id: int
    name: str
    description: str | None = None


@dataclass(slots=True)
class Label:
    """A word that conversations may carry."""

    id: int
    account_id: int
    title: str
    color: str = "#1f93ff"


@dataclass(slots=True)
class Article:
    """An article of a help centre. `status`: draft, published or archived."""

    id: int
    account_id: int
    portal: str
    title: str
    content: str
    slug: str
    locale: str = "pt_BR"
    status: str = "published"
    updated_at: float = 0.0


@dataclass(slots=True)
class Webhook:
    """An account's subscription."""

    id: int
    account_id: int
    url: str
    secret: str
    subscriptions: list[str]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, before anyone is told. `changed` maps an attribute to (previous, current)."""

    name: str
    account_id: int
    conversation: Conversation | None = None
    message: Message | None = None
    contact: Contact | None = None
    contact_inbox: ContactInbox | None = None
    actor: tuple[str, int] | None = None
    is_private: bool = False
    changed: tuple[tuple[str, Any, Any], ...] = ()
    info: Json | None = None

"""All records of one sandbox, their ids, and who is told when something happens. No HTTP here."""

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeVar

from sandbox.chatwoot.world.media import MEDIA, Medium
from sandbox.chatwoot.world.records import (
    Account,
    AgentBot,
    Article,
    Contact,
    ContactInbox,
    Conversation,
    Event,
    Inbox,
    Label,
    Message,
    Team,
    User,
    Webhook,
)

_Record = TypeVar("_Record")
_Owned = TypeVar("_Owned", Inbox, Contact, User, Team, Webhook)
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class NotFound(LookupError):
    """No such record in this account: Chatwoot answers 404."""


@dataclass(slots=True)
class World:
    """Everything one Chatwoot knows.

    Args:
        seed: names, phone numbers, tokens and secrets are drawn from it, so that they are known beforehand.
        clock: unix seconds; tests may bring their own.
    """

    seed: int = 7
    clock: Callable[[], float] = time.time
    accounts: dict[int, Account] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    agent_bots: dict[int, AgentBot] = field(default_factory=dict)
    inboxes: dict[int, Inbox] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    contact_inboxes: dict[int, ContactInbox] = field(default_factory=dict)
    conversations: dict[tuple[int, int], Conversation] = field(default_factory=dict)
    teams: dict[int, Team] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    webhooks: dict[int, Webhook] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    articles: dict[int, Article] = field(default_factory=dict)
    assigns_bot: bool = True  # since 4.16.2 a new conversation in a bot's inbox names the bot as its assignee
    random: Random = field(init=False)
    sequences: dict[str, int] = field(default_factory=dict)
    _listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def next_id(self, kind: str, start: int = 1) -> int:
        """Count on: ids of one kind only ever grow."""
        self.sequences[kind] = max(self.sequences.get(kind, 0) + 1, start)
        return self.sequences[kind]

    def token(self, *names: object, length: int = 24) -> str:
        """Derive a secret of the kind Chatwoot makes (base58) from the seed and a name."""
        digest = hashlib.sha512(f"{self.seed}:{':'.join(map(str, names))}".encode()).digest()
        return "".join(_BASE58[byte % len(_BASE58)] for byte in digest[:length])

    def uuid(self) -> str:
        """Draw a version 4 UUID from the seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` at every event, at the moment of the change, in order. Returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def emit(self, event: Event) -> None:
        """Tell everyone."""
        for listener in self._listeners:
            listener(event)

    def account(self, account_id: int) -> Account:
        """Find an account, or raise NotFound."""
        return _require(self.accounts.get(account_id))

    def inbox(self, account_id: int, inbox_id: int) -> Inbox:
        """Find an inbox of an account, or raise NotFound."""
        return _within(account_id, self.inboxes.get(inbox_id))

    def contact(self, account_id: int, contact_id: int) -> Contact:
        """Find a contact of an account, or raise NotFound."""
        return _within(account_id, self.contacts.get(contact_id))

    def user(self, account_id: int, user_id: int) -> User:
        """Find a teammate of an account, or raise NotFound."""
        return _within(account_id, self.users.get(user_id))

    def team(self, account_id: int, team_id: int) -> Team:
        """Find a team of an account, or raise NotFound."""
        return _within(account_id, self.teams.get(team_id))

    def agent_bot(self, account_id: int, bot_id: int) -> AgentBot:
        """Find an agent bot that an account may use, or raise NotFound."""
        bot = _require(self.agent_bots.get(bot_id))
        if bot.account_id not in (None, account_id):
            raise NotFound
        return bot

    def webhook(self, account_id: int, webhook_id: int) -> Webhook:
        """Find a webhook of an account, or raise NotFound."""
        return _within(account_id, self.webhooks.get(webhook_id))

    def conversation(self, account_id: int, display_id: int) -> Conversation:
        """Find a conversation by its display id, or raise NotFound."""
        return _require(self.conversations.get((account_id, display_id)))

    def message(self, conversation: Conversation, message_id: int) -> Message:
        """Find a message in its conversation, or raise NotFound."""
        return _require(next((m for m in conversation.messages if m.id == message_id), None))

    def medium(self, inbox_id: int) -> Medium:
        """Return what kind of channel an inbox is."""
        return MEDIA[self.inboxes[inbox_id].medium]

    def contact_of(self, conversation: Conversation) -> Contact:
        """Return the person on the other side."""
        return self.contacts[self.contact_inboxes[conversation.contact_inbox_id].contact_id]

    def bot_of(self, inbox: Inbox) -> AgentBot | None:
        """Return the bot bound to an inbox."""
        return self.agent_bots.get(inbox.agent_bot_id) if inbox.agent_bot_id is not None else None

    def inboxes_of(self, account_id: int) -> list[Inbox]:
        """Return all inboxes of an account, in their order of making."""
        return [inbox for inbox in self.inboxes.values() if inbox.account_id == account_id]

    def users_of(self, account_id: int) -> list[User]:
        """Return all teammates of an account."""
        return [user for user in self.users.values() if user.account_id == account_id]

    def conversations_of(self, account_id: int) -> Iterator[Conversation]:
        """Yield all conversations of an account, oldest first."""
        return (c for c in self.conversations.values() if c.account_id == account_id)


def _require(record: _Record | None) -> _Record:
    if record is None:
        raise NotFound
    return record


def _within(account_id: int, record: _Owned | None) -> _Owned:
    found = _require(record)
    if found.account_id != account_id:
        raise NotFound
    return found

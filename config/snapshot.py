"""The validated configuration in force: immutable, replaced whole, read by lookups alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from chatwootai.model.message.routing import Place
from chatwootai.stores.server.shards import Shard, Shards
from config.document.problems import Note
from config.secrets.secret import Secret
from config.settings.settings import Settings

__all__ = ["Account", "Inbox", "Installation", "Note", "Secret", "Snapshot"]

Signature = Literal["required", "optional"]


@dataclass(frozen=True, slots=True)
class Installation:
    """One Chatwoot. `url` has no trailing slash."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Settings of one inbox. `crew` and `priority` are None where the account's hold."""

    id: int
    domain: str
    folder: str
    settings: Settings
    crew: str | None = None
    priority: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One tenant's account. `key` is the last segment of its webhook address, `id` Chatwoot's number of it.

    By its key it is served and pays; `folder` is where its settings stand under `domain`, and may be another's too.

    `special_numbers` maps a contact's phone (E.164) to the function that answers it. `shard`: the Redis pinned.
    """

    key: str
    id: int
    name: str
    installation: Installation
    domain: str
    folder: str
    settings: Settings
    webhook_secrets: tuple[Secret, ...]
    bot_token: Secret
    user_token: Secret | None = None
    signature: Signature = "required"
    crew: str = "customer_service"
    priority: int = 5
    inboxes: Mapping[int, Inbox] = field(default_factory=dict)
    special_numbers: Mapping[str, str] = field(default_factory=dict)
    shard: str | None = None


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Plan of comparing mapping and Chatwoot: seconds between two; whether it writes; our own address, if known."""

    seconds: int
    write: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All accounts, and a digest that is equal for equal meaning, however it was spelled."""

    digest: str
    accounts: Mapping[str, Account]
    notes: tuple[Note, ...] = field(default=(), compare=False)
    sync: SyncPlan | None = None

    def account(self, key: str) -> Account | None:
        """The account of a webhook address, or None."""
        return self.accounts.get(key)

    def on(self, shard: Shard, shards: Shards) -> "Snapshot":
        """This with the accounts alone that live on one of the installation's shards; all of them where it is one.

        The digest stays the whole configuration's.
        """
        if len(shards) == 1:
            return self
        here = {key: each for key, each in self.accounts.items() if shards.of(key, each.shard) == shard}
        return replace(self, accounts=here)

    def settings(self, account: str, inbox: int) -> Settings:
        """The merged settings of an inbox; of its account where the inbox has nothing of its own.

        Raises:
            KeyError: no such account.
        """
        found = self.accounts[account]
        own = found.inboxes.get(inbox)
        return own.settings if own else found.settings


def place_of(account: Account, inbox: int) -> Place:
    """The place of an inbox; one that the mapping does not name has nothing of its own."""
    own = account.inboxes.get(inbox)
    settings = own.settings if own else account.settings
    return Place(
        account=account.key,
        folder=account.folder,
        domain=account.domain,
        crew=account.crew,
        priority=account.priority,
        inbox=inbox,
        inbox_crew=own.crew if own else None,
        inbox_priority=own.priority if own else None,
        inbox_folder=own.folder if own else None,
        inbox_domain=own.domain if own else None,
        special_numbers=account.special_numbers,
        channels={name: channel.enabled for name, channel in settings.channels.items()},
    )

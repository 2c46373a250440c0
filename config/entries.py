"""The keys of `chatwoot_mapping.yaml`, in types. Each entry is validated alone, so that one mistake hides no other."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from config.secret import Secret
from config.settings import NUMBER, Flag, Line, Section

NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"  # becomes part of a path: nothing else may
Name = Annotated[str, Field(pattern=NAME)]
KEY = r"^[A-Za-z0-9][A-Za-z0-9_.~-]{0,63}$"  # a segment of a webhook address
INBOX = r"^(?:([A-Za-z0-9][A-Za-z0-9_.~-]{0,63})/)?([1-9][0-9]{0,15})$"  # Chatwoot's id, or account/id
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Priority = Annotated[int, Field(ge=0, le=10), NUMBER]
Number = Annotated[int, Field(ge=1, le=2**53), NUMBER]


class InstallationEntry(Section):
    """One Chatwoot and its address."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$")]


class AccountEntry(Section):
    """One account, under the last segment of its webhook address. What is left out: see the guide."""

    chatwoot: str = "default"
    id: Number | None = None
    name: Line | None = None
    domain: Name | None = None
    tenant: Name | None = None
    webhook_secrets: tuple[Secret, ...] = ()
    bot_token: Secret | None = None
    user_token: Secret | None = None
    signature: Literal["required", "optional"] = "required"
    crew: Name | None = None
    priority: Priority | None = None
    special_numbers: Mapping[Phone, Name] = {}


class InboxEntry(Section):
    """What differs in one inbox. `account` may be left out where there is one account."""

    account: str | None = None
    name: Line | None = None
    crew: Name | None = None
    priority: Priority | None = None
    domain: Name | None = None
    tenant: Name | None = None


class FallbackEntry(Section):
    """What holds for an account that does not say: the last step after inbox and account."""

    domain: Name | None = None
    crew: Name = "customer_service"
    priority: Priority = 5


class SyncEntry(Section):
    """How often a worker compares the mapping with Chatwoot (0: never), and whether it may bring the file up to date.

    `address` is the ingress's, as Chatwoot reaches it: with it, bots and webhooks that report elsewhere are found.
    """

    every_minutes: Annotated[int, Field(ge=0, le=10_080), NUMBER] = 0
    write: Flag = False
    address: Annotated[str, Field(pattern=r"^https?://[^\s@?#]+$")] | None = None


class MappingFile(Section):
    """The whole file."""

    version: Literal[1] = 1
    chatwoot: Mapping[Name, InstallationEntry] = {}
    fallback: FallbackEntry = FallbackEntry()
    sync: SyncEntry = SyncEntry()
    accounts: Mapping[Annotated[str, Field(pattern=KEY)], AccountEntry] = {}
    inboxes: Mapping[Annotated[str, Field(pattern=INBOX)], InboxEntry] = {}

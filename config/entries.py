"""The keys of `chatwoot_mapping.yaml`, in types. Each entry is validated alone, so that one mistake hides no other."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from config.reach import Host
from config.secret import Token
from config.section import ADDRESS, NUMBER, Flag, Line, Section, Word, form, wrong

NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"  # becomes part of a path: nothing else may
_NAMED = "Write small letters, digits, `_` and `-`, a letter or digit first."
Name = Annotated[str, form(NAME, _NAMED)]
KEY = r"^[A-Za-z0-9][A-Za-z0-9_.~-]{0,63}$"  # a segment of a webhook address
INBOX = r"^(?:([A-Za-z0-9][A-Za-z0-9_.~-]{0,63})/)?([1-9][0-9]{0,15})$"  # Chatwoot's id, or account/id
Phone = Annotated[str, form(r"^\+[1-9][0-9]{6,14}$", 'Write + and digits alone, in quotes, as "+5531999990000".')]
Priority = Annotated[int, Field(ge=0, le=10), NUMBER]
Number = Annotated[int, Field(ge=1, le=2**53), NUMBER]


def _no_crews(name: str) -> str:
    if name == "crews":
        raise wrong("format", "the folder of that name holds a domain's crews", "Give the tenant another name.")
    return name


def _no_page(url: str) -> str:
    if "/app/" in url or "/api/v" in url:
        raise wrong("format", "a page of Chatwoot, not its address", "Write it as https://chat.example.com.")
    return url


Tenant = Annotated[Name, AfterValidator(_no_crews)]
Installed = Annotated[
    str,
    form(r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$", "Write it as https://chat.example.com, with no name, query or space."),
    ADDRESS,
    AfterValidator(_no_page),
]


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _plain_path(path: str) -> str:
    if ".." in path.split("/"):
        raise wrong("format", "a path that leads back up", _FOLDER)
    return path


_VARIABLE = "Write a variable's name, or how it begins and `*`, as NIMBUS_*."
_FOLDER = "Write an absolute path without `..`, as /run/secrets/nimbus."
Folder = Annotated[str, form(r"^/[^\x00]*$", _FOLDER, max_length=1000), AfterValidator(_plain_path)]
Folders = Annotated[
    tuple[Folder, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class InstallationEntry(Section):
    """One Chatwoot and its address."""

    url: Installed


class AllowEntry(Section):
    """What an account's folder may name of what is not its own. What is not written here, it may not.

    `names`: variables of the environment, `NIMBUS_*` for all that begin so; `files`: folders whose files a `${file:}`
    may read; `programs`: what an MCP server's `command` may be, or begin with, word by word; `private_hosts`: hosts
    that may be reached though their address is private.
    """

    names: tuple[Annotated[str, form(r"^(\*|[A-Za-z_][A-Za-z0-9_]*\*?)$", _VARIABLE, max_length=200)], ...] = ()
    files: Folders = ()
    programs: tuple[Word, ...] = ()
    private_hosts: tuple[Host, ...] = ()


class AccountEntry(Section):
    """One account, under the last segment of its webhook address. What is left out: see the guide."""

    chatwoot: str = "default"
    id: Number | None = None
    name: Line | None = None
    domain: Name | None = None
    tenant: Tenant | None = None
    webhook_secrets: tuple[Token, ...] = ()
    bot_token: Token | None = None
    user_token: Token | None = None
    signature: Literal["required", "optional"] = "required"
    crew: Name | None = None
    priority: Priority | None = None
    special_numbers: Mapping[Phone, Name] = {}
    allow: AllowEntry | None = None


class InboxEntry(Section):
    """What differs in one inbox. `account` may be left out where there is one account."""

    account: str | None = None
    name: Line | None = None
    crew: Name | None = None
    priority: Priority | None = None
    domain: Name | None = None
    tenant: Tenant | None = None


class FallbackEntry(Section):
    """What holds for an account that does not say: the last step after inbox and account."""

    domain: Name | None = None
    crew: Name = "customer_service"
    priority: Priority = 5
    allow: AllowEntry | None = None


class SyncEntry(Section):
    """How often a worker compares the mapping with Chatwoot (0: never), and whether it may bring the file up to date.

    `address` is the ingress's, as Chatwoot reaches it: with it, bots and webhooks that report elsewhere are found.
    """

    every_minutes: Annotated[int, Field(ge=0, le=10_080), NUMBER] = 0
    write: Flag = False
    address: Annotated[str, form(r"^https?://[^\s@?#]+$", "Write it as https://ai.example.com."), ADDRESS] | None = None


class MappingFile(Section):
    """The whole file."""

    version: Annotated[Literal[1], NUMBER] = 1
    chatwoot: Mapping[Name, InstallationEntry] = {}
    fallback: FallbackEntry = FallbackEntry()
    sync: SyncEntry = SyncEntry()
    accounts: Mapping[Annotated[str, form(KEY, "Write letters, digits, `_`, `-`, `.` and `~`.")], AccountEntry] = {}
    inboxes: Mapping[Annotated[str, form(INBOX, 'Write "17" or "1/17".')], InboxEntry] = {}

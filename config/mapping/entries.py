"""The keys of `chatwoot_mapping.yaml`, in types. Each entry is validated alone, so that one mistake hides no other."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from config.schema.base import ADDRESS, NAME, NUMBER, Flag, Line, Section, Word, invalid, matching
from config.secrets.secret import Token
from config.settings.mail_media_template import Host

_NAMED = "Write small letters, digits, `_` and `-`, a letter or digit first."
Name = Annotated[str, matching(NAME, _NAMED)]
KEY = r"^[A-Za-z0-9][A-Za-z0-9_.~-]{0,63}$"  # a segment of a webhook address
INBOX = r"^(?:([A-Za-z0-9][A-Za-z0-9_.~-]{0,63})/)?([1-9][0-9]{0,15})$"  # Chatwoot's id, or account/id
Shard = Annotated[str, matching(r"^[a-z0-9-]{1,32}$", "Write 1 to 32 small letters, digits and hyphens.")]
Phone = Annotated[str, matching(r"^\+[1-9][0-9]{6,14}$", 'Write + and digits alone, in quotes, as "+5531999990000".')]
Priority = Annotated[int, Field(ge=0, le=10), NUMBER]
Number = Annotated[int, Field(ge=1, le=2**53), NUMBER]


def _no_crews(name: str) -> str:
    if name == "crews":
        raise invalid("format", "the folder of that name holds a domain's crews", "Give the tenant another name.")
    return name


def _no_page(url: str) -> str:
    if "/app/" in url or "/api/v" in url:
        raise invalid("format", "a page of Chatwoot, not its address", "Write it as https://chat.example.com.")
    return url


Tenant = Annotated[Name, AfterValidator(_no_crews)]
Installed = Annotated[
    str,
    matching(
        r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$", "Write it as https://chat.example.com, with no name, query or space."
    ),
    ADDRESS,
    AfterValidator(_no_page),
]


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _plain_path(path: str) -> str:
    if ".." in path.split("/"):
        raise invalid("format", "a path that leads back up", _FOLDER)
    return path


_VARIABLE = "Write a variable's name, or how it begins and `*`, as NIMBUS_*."
_FOLDER = "Write an absolute path without `..`, as /run/secrets/nimbus."
Folder = Annotated[str, matching(r"^/[^\x00]*$", _FOLDER, max_length=1000), AfterValidator(_plain_path)]
Folders = Annotated[
    tuple[Folder, ...],
    BeforeValidator(_as_tuple),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class InstallationEntry(Section):
    """One Chatwoot."""

    url: Installed
    """Address of the installation, as https://chat.example.com, without a page or a trailing path of its API."""


class AllowEntry(Section):
    """Things outside its folder that an account's settings may name. All others are refused."""

    names: tuple[Annotated[str, matching(r"^(\*|[A-Za-z_][A-Za-z0-9_]*\*?)$", _VARIABLE, max_length=200)], ...] = ()
    """Variables of the environment that the folder may refer to; `NIMBUS_*` for all that begin so, `*` for all."""
    files: Folders = ()
    """Folders whose files a `${file:}` of the folder may read, as absolute paths."""
    programs: tuple[Word, ...] = ()
    """Commands of MCP servers that are allowed, whole or as the first words."""
    private_hosts: tuple[Host, ...] = ()
    """Hosts at private addresses that the folder may name, in `private_hosts` and in `media.hosts`."""


class AccountEntry(Section):
    """One account, under the last segment of its webhook's address."""

    chatwoot: str = "default"
    """Installation that it belongs to, a key under `chatwoot:`."""
    id: Number | None = None
    """Chatwoot's number (id) of the account. Unset: the key, where that is a number."""
    name: Line | None = None
    """The company's name, until its own `config.yaml` says another."""
    domain: Name | None = None
    """Line of business, a folder under `domains/`. Unset: as `fallback` says; one of the two is needed."""
    tenant: Tenant | None = None
    """Folder under the domain that holds its settings. Two accounts may name the same. Unset: `account_` and the
    key."""
    webhook_secrets: tuple[Token, ...] = ()
    """Secrets that Chatwoot signs deliveries with, any of which counts: several while one is rotated."""
    bot_token: Token | None = None
    """Token of the agent bot, which posts, types and hands over. Write a reference."""
    user_token: Token | None = None
    """Access token of a teammate, for history, contacts and catch-up; `sync` needs an administrator's. Unset: these are
    left out."""
    signature: Literal["required", "optional"] = "required"
    """`required` refuses deliveries that are not signed. `optional` is for a Chatwoot before 4.13, which signs
    nothing."""
    crew: Name | None = None
    """Function that answers, as customer_service. Unset: as `fallback` says."""
    priority: Priority | None = None
    """Priority from 0 to 10, higher first; each step counts as 12 seconds of waiting, and from 7 on a lane is kept
    free. Unset: as `fallback` says."""
    special_numbers: Mapping[Phone, Name] = {}
    """A contact's phone, as +5531999990000, to the crew that answers it: the owner's own number to analytics, for
    instance."""
    allow: AllowEntry | None = None
    """Things outside its folder that its settings may name. Unset: a narrow default."""
    shard: Shard | None = None
    """Name of the Redis that holds the account's conversations, one of CHATWOOTAI_REDIS_SHARDS. Unset: as a hash of the
    key says. What the other Redis holds does not move by a change here."""


class InboxEntry(Section):
    """Settings of one inbox, where they differ from the account's."""

    account: str | None = None
    """Key of the account that the inbox belongs to. May be left out where there is one account."""
    name: Line | None = None
    """Name of the inbox, for people who read this file."""
    crew: Name | None = None
    """Function that answers here. Unset: the account's."""
    priority: Priority | None = None
    """Priority from 0 to 10 of conversations here, higher first. Unset: the account's."""
    domain: Name | None = None
    """Line of business of this inbox. Unset: the account's."""
    tenant: Tenant | None = None
    """Folder with this inbox's settings. Unset: the account's."""


class FallbackEntry(Section):
    """Values for accounts that set none of their own."""

    domain: Name | None = None
    """Line of business. Unset: each account must name its own."""
    crew: Name = "customer_service"
    """Function that answers."""
    priority: Priority = 5
    """Priority from 0 to 10, higher first. The default leaves room on both sides."""
    allow: AllowEntry | None = None
    """Things outside their folders that all accounts' settings may name. Unset: a narrow default."""
    trusted: Flag | None = None
    """Whether folders without `allow` may name nobody's variables and private models. Unset: with a single account."""


class SyncEntry(Section):
    """Comparison of the mapping with Chatwoot."""

    every_minutes: Annotated[int, Field(ge=0, le=10_080), NUMBER] = 0
    """Minutes between two comparisons, by one of the workers. 0: never."""
    write: Flag = False
    """Whether differences are written into this file. Off: they are reported in the log."""
    address: (
        Annotated[str, matching(r"^https?://[^\s@?#]+$", "Write it as https://ai.example.com."), ADDRESS] | None
    ) = None
    """The ingress's address as Chatwoot reaches it. With it, bots and webhooks that report elsewhere are found."""


class MappingFile(Section):
    """The file that says who is served."""

    version: Annotated[Literal[1], NUMBER] = 1
    """Number of the format of this file: 1."""
    chatwoot: Mapping[Name, InstallationEntry] = {}
    """Installations of Chatwoot: our name to address. Accounts name `default` unless they say otherwise."""
    fallback: FallbackEntry = FallbackEntry()
    """Values for accounts that set none of their own."""
    sync: SyncEntry = SyncEntry()
    """Comparison of this file with Chatwoot. Not at all by default."""
    accounts: Mapping[Annotated[str, matching(KEY, "Write letters, digits, `_`, `-`, `.` and `~`.")], AccountEntry] = {}
    """Accounts, by the last segment of each one's webhook address."""
    inboxes: Mapping[Annotated[str, matching(INBOX, 'Write "17" or "1/17".')], InboxEntry] = {}
    """Settings of single inboxes, by Chatwoot's number, or `account/number` where two installations share one."""

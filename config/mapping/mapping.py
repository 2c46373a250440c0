"""`chatwoot_mapping.yaml` as validated entries, each with its place; nothing is looked up elsewhere yet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeGuard, TypeVar

from config.document.merge import drop_nulls, is_null
from config.document.problems import Problem, nearest
from config.document.tree import Mark, Node, Scalar, Table, find, leaves
from config.document.yaml_lookalikes import in_structure
from config.document.yaml_mistakes import RULE
from config.mapping.entries import (
    INBOX,
    KEY,
    AccountEntry,
    FallbackEntry,
    InboxEntry,
    InstallationEntry,
    MappingFile,
    SyncEntry,
)
from config.mapping.legacy import UpgradedMapping
from config.schema.base import NAME, Section
from config.schema.validation import known_keys, quote, unknown_nulls, validate, without_keys
from config.secrets.plain_secrets import plain_secrets

E = TypeVar("E", bound=Section)
SECRETS = (("webhook_secrets",), ("bot_token",), ("user_token",))


@dataclass(frozen=True, slots=True)
class Entry(Generic[E]):
    """One entry: its key, where it stands, its tree, and what it says."""

    key: str
    mark: Mark
    node: Table
    said: E
    path: str = ""
    """How messages call it, as `accounts.1`."""

    def says(self, key: str) -> bool:
        """Tell whether the file has this key, usable or not."""
        return key in self.node.items

    def quote(self, key: str) -> str:
        """The value of a key for a message, or `of that name` where it had better not be shown."""
        return quote(self.node.items.get(key)) or "of that name"

    def at(self, key: str) -> Mark:
        """The place of a key, or of the entry."""
        return find(self.node, (key,))[0] if self.says(key) else self.mark


@dataclass(slots=True)
class Entries:
    """Everything the mapping says."""

    old: bool
    mark: Mark
    declared: frozenset[str] = frozenset()  # installations that the file names, sound or not
    fallback: FallbackEntry = field(default_factory=FallbackEntry)
    fallback_node: Table | None = None
    sync: SyncEntry = field(default_factory=SyncEntry)
    installations: dict[str, Entry[InstallationEntry]] = field(default_factory=dict)
    accounts: dict[str, Entry[AccountEntry]] = field(default_factory=dict)
    inboxes: list[Entry[InboxEntry]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_entries(upgraded: UpgradedMapping) -> Entries:
    """Validate the sections one entry at a time."""
    table = upgraded.table
    chatwoot = table.items.get("chatwoot")
    declared = frozenset(chatwoot.items if isinstance(chatwoot, Table) else ())
    found = Entries(upgraded.old, table.mark, declared)
    rest = without_keys(table, "chatwoot", "accounts", "inboxes")
    head, problems = validate(MappingFile, rest)
    found.problems = [*upgraded.problems, *problems, *unknown_nulls(MappingFile, rest)]
    fallback = table.items.get("fallback")
    found.fallback_node = fallback if isinstance(fallback, Table) else None
    found.fallback = head.fallback if head else FallbackEntry()
    found.sync = head.sync if head else SyncEntry()
    found.installations = {
        each.key: each for each in _section(upgraded, "chatwoot", InstallationEntry, NAME, found.problems)
    }
    found.accounts = {each.key: each for each in _section(upgraded, "accounts", AccountEntry, KEY, found.problems)}
    found.inboxes = list(_section(upgraded, "inboxes", InboxEntry, INBOX, found.problems))
    return found


def _section(
    upgraded: UpgradedMapping, name: str, kind: type[E], pattern: str, problems: list[Problem]
) -> Iterator[Entry[E]]:
    section = upgraded.table.items.get(name)
    if section is None or is_null(section):
        return
    if not isinstance(section, Table):
        mark, node = find(upgraded.table, (name,))
        mark = node.mark if _has_lookalike(node) else mark
        problems.append(_no_map(mark, upgraded.names.get(name, name), node))
        return
    for key, node in section.items.items():
        mark, at = section.keys[key], f"{name}.{key}"
        if not re.match(pattern, key):
            problems.append(Problem(*mark, "format", f"`{at[:120]}`: not a key that can stand here", _PATTERNS[name]))
        elif not isinstance(node, Table):
            problems.append(_no_map(mark, at, node))
        else:
            problems += [*plain_secrets(kind, node, at), *_nulls(kind, node, at)]
            settled = drop_nulls(node)
            assert isinstance(settled, Table)  # noqa: S101 - a table settles to a table
            said, mistakes = validate(kind, settled, at)
            problems += mistakes
            if said:
                yield Entry(key, mark, settled, said, at)


def _nulls(kind: type[Section], node: Table, at: str) -> Iterator[Problem]:
    """Keys that do not exist, and phone numbers without a crew: a null removes what was inherited, and nothing was."""
    if any(is_null(scalar) for _, scalar in leaves(node)):
        yield from unknown_nulls(kind, node, at)
        found = node.items.get("special_numbers")
        numbers = found if isinstance(found, Table) else Table(node.mark)
        for phone, crew in numbers.items.items():
            if is_null(crew):
                message = f"`{at}.special_numbers.{phone[:20]}` has no crew"
                yield Problem(*numbers.keys[phone], "missing-key", message, "Write the crew that answers this number.")


def _has_lookalike(node: Node | None) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and in_structure(node.written) is not None


def _no_map(mark: Mark, at: str, node: Node | None = None) -> Problem:
    remedy = "Write `key: value` lines, indented under it."
    if isinstance(node, Scalar) and (odd := in_structure(node.written)) is not None:
        return Problem(mark.file, mark.line, mark.column + odd.offset, RULE, odd.message, odd.remedy)
    if isinstance(node, Scalar) and re.match(r"\w+:\S", node.written):
        remedy = f"Put a space after the colon, and {remedy[0].lower()}{remedy[1:]}"
    return Problem(*mark, "type", f"`{at[:120]}`: a map is needed", remedy)


def folder_name(key: str) -> str:
    """The folder of an account that names none."""
    return "account_" + re.sub(r"[^a-z0-9_-]", "_", key.lower())


def account_of(entry: Entry[InboxEntry]) -> str | None:
    """The account that an inbox entry names, beside it or in its key."""
    match = re.match(INBOX, entry.key)
    return entry.said.account or (match[1] if match else None)


def is_misspelt(entry: Entry[E], key: str) -> bool:
    """Tell whether this key probably stands there under an unknown name, which is said already."""
    strange = [each for each in entry.node.items if each not in known_keys(type(entry.said), ())]
    return nearest(key, strange) is not None


_PATTERNS = {
    "chatwoot": "Use a-z, 0-9, `_` and `-`, as `default`.",
    "accounts": "It is the last segment of the webhook address: letters, digits, `_`, `-`, `.` and `~`.",
    "inboxes": 'Write the number of the inbox, as "17", or account and number, as "1/17".',
}


def value_node(entry: Entry[E], key: str) -> Node | None:
    """The tree under a key of an entry."""
    return entry.node.items.get(key)

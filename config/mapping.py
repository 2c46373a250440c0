"""`chatwoot_mapping.yaml` as validated entries, each with its place; nothing is looked up elsewhere yet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from config.entries import (
    INBOX,
    KEY,
    NAME,
    AccountEntry,
    FallbackEntry,
    InboxEntry,
    InstallationEntry,
    MappingFile,
    SyncEntry,
)
from config.findings import quote, validate, without
from config.layers import plain_secrets
from config.merge import is_null, settle
from config.problems import Problem
from config.section import Section
from config.spellings import Spelled
from config.tree import Mark, Node, Table, find

E = TypeVar("E", bound=Section)
SECRETS = (("webhook_secrets",), ("bot_token",), ("user_token",))


@dataclass(frozen=True, slots=True)
class Entry(Generic[E]):
    """One entry: its key, where it stands, its tree, and what it says."""

    key: str
    mark: Mark
    node: Table
    said: E

    def says(self, key: str) -> bool:
        """Whether the file has this key, usable or not."""
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
    sync: SyncEntry = field(default_factory=SyncEntry)
    installations: dict[str, Entry[InstallationEntry]] = field(default_factory=dict)
    accounts: dict[str, Entry[AccountEntry]] = field(default_factory=dict)
    inboxes: list[Entry[InboxEntry]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def entries(spelled: Spelled) -> Entries:
    """Validate the sections one entry at a time."""
    table = spelled.table
    chatwoot = table.items.get("chatwoot")
    declared = frozenset(chatwoot.items if isinstance(chatwoot, Table) else ())
    found = Entries(spelled.old, table.mark, declared)
    head, found.problems = validate(MappingFile, without(table, "chatwoot", "accounts", "inboxes"))
    found.fallback = head.fallback if head else FallbackEntry()
    found.sync = head.sync if head else SyncEntry()
    found.installations = {
        each.key: each for each in _section(table, "chatwoot", InstallationEntry, NAME, found.problems)
    }
    found.accounts = {each.key: each for each in _section(table, "accounts", AccountEntry, KEY, found.problems)}
    found.inboxes = list(_section(table, "inboxes", InboxEntry, INBOX, found.problems))
    for account in found.accounts.values():
        found.problems += plain_secrets(account.node, SECRETS)
    return found


def _section(table: Table, name: str, kind: type[E], pattern: str, problems: list[Problem]) -> Iterator[Entry[E]]:
    section = table.items.get(name)
    if section is None or is_null(section):
        return
    if not isinstance(section, Table):
        problems.append(_no_map(table.keys[name], name))
        return
    for key, node in section.items.items():
        mark, at = section.keys[key], f"{name}.{key}"
        if not re.match(pattern, key):
            problems.append(Problem(*mark, "format", f"`{at[:120]}`: not a key that can stand here", _PATTERNS[name]))
        elif not isinstance(node, Table):
            problems.append(_no_map(mark, at))
        else:
            settled = settle(node)
            assert isinstance(settled, Table)  # noqa: S101 - a table settles to a table
            said, mistakes = validate(kind, settled, at)
            problems += mistakes
            if said:
                yield Entry(key, mark, settled, said)


def _no_map(mark: Mark, at: str) -> Problem:
    return Problem(*mark, "type", f"`{at[:120]}`: a map is needed", "Write `key: value` lines, indented under it.")


_PATTERNS = {
    "chatwoot": "Use a-z, 0-9, `_` and `-`, as `default`.",
    "accounts": "It is the last segment of the webhook address: letters, digits, `_`, `-`, `.` and `~`.",
    "inboxes": 'Write the number of the inbox, as "17", or account and number, as "1/17".',
}


def value_node(entry: Entry[E], key: str) -> Node | None:
    """The tree under a key of an entry."""
    return entry.node.items.get(key)

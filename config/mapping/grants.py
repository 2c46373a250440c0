"""Grants: the things that an account's folder may name, by `allow` of its account, or a narrow default without it.

Whoever writes the mapping, `_base` and the domains is the operator, and may name everything; whoever writes an
account's folder is its author, and may name what the operator has allowed that account.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from config.document.tree import Mark, Node, Table, leaves
from config.mapping.entries import AccountEntry, AllowEntry
from config.mapping.mapping import Entries, Entry, account_of, folder_name
from config.secrets.references import REFERENCE, Unresolved

OUR_PREFIXES = ("REDIS_", "OPENAI_", "CHATWOOT", "INGRESS_", "WORKER_", "JOURNAL_", "LOG_", "CATCH_UP_")
"""How variables begin that our processes read for themselves."""
EVERYTHING = "*"
SECRETS_FOLDER = "/run/secrets"
"""Where a folder may name files without `allow`: those that stand right there, as containers' secrets do."""


@dataclass(frozen=True, slots=True)
class ReservedNames:
    """Names and files that the mapping uses or allows, and for whom: closed to the folders of all others.

    `names` and `files` hold for each the accounts whose it is ("" where it is the installation's); `patterns` are names
    as `NIMBUS_*`. Equal by `digest`, so that ten thousand grants can hold it.
    """

    digest: str = ""
    names: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    patterns: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    files: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, owned: Iterable[tuple[str, str]]) -> "ReservedNames":
        """`owned`: a name, pattern or path, and the account whose it is."""
        found: dict[str, set[str]] = {}
        for name, account in owned:
            found.setdefault(name, set()).add(account)
        for everything in (EVERYTHING, "/"):
            found.pop(everything, None)
        kept = {name: frozenset(found[name]) for name in sorted(found)}
        digest = hashlib.sha256(repr([(name, sorted(accounts)) for name, accounts in kept.items()]).encode())
        paths = {name: accounts for name, accounts in kept.items() if name.startswith("/")}
        patterns = {name: accounts for name, accounts in kept.items() if name.endswith("*")}
        return cls(digest.hexdigest(), kept, patterns, paths)

    def owned(self, name: str, accounts: frozenset[str]) -> bool:
        """Tell whether the mapping itself names a variable or file for one of `accounts`."""
        return bool(accounts & self.names.get(name, frozenset()))

    def name(self, name: str, accounts: frozenset[str]) -> bool:
        """Tell whether a variable is one of our own, or somebody's who is not among `accounts`."""
        if name.startswith(OUR_PREFIXES) and name not in self.names:
            return True
        holders = [self.names[name]] if name in self.names else []
        holders += [who for pattern, who in self.patterns.items() if fnmatchcase(name, pattern)]
        return bool(holders) and not any(accounts & who for who in holders)

    def file(self, path: PurePosixPath, accounts: frozenset[str]) -> bool:
        """Tell whether a file, or a folder above it, is somebody's who is not among `accounts`."""
        holders = [who for each, who in self.files.items() if path.is_relative_to(each)]
        return bool(holders) and not any(accounts & who for who in holders)


@dataclass(frozen=True, slots=True)
class Grant:
    """Things that one account's folder may name. None: the mapping does not say, and the default holds.

    `prefix`: how the paths of its files begin; `at`: where `allow` is written in the mapping, for remedies; `closed`:
    what it may not name where the mapping does not say, unless it is one of its own `accounts`'; `trusted`: it may then
    name what is nobody's, and reach models at private addresses.
    """

    prefix: str
    at: str
    names: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None
    programs: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    closed: ReservedNames = ReservedNames()
    accounts: frozenset[str] = frozenset()
    trusted: bool = False

    def name(self, name: str) -> None:
        """Let a variable be named.

        Raises:
            Unresolved: this folder may not.
        """
        if self.names is not None:
            allowed = any(fnmatchcase(name, each) for each in self.names)
        else:
            own = self.closed.owned(name, self.accounts)
            allowed = not self.closed.name(name, self.accounts) and (self.trusted or own)
        if not allowed:
            message = f"this folder may not name the variable `{name}`"
            remedy = f"Where it is meant for this account, the operator writes {self._yaml('names', f'[{name}]')}."
            raise Unresolved("not-allowed", message, remedy)

    def file(self, name: str) -> tuple[str, ...]:
        """The folders of which one must hold the file, links followed.

        Raises:
            Unresolved: none of them does, as far as its path tells.
        """
        path = PurePosixPath(name)
        if self.files is not None:
            folders = tuple(each for each in self.files if path.is_relative_to(each))
        else:
            own = self.trusted or self.closed.owned(name, self.accounts)
            there = str(path.parent) == SECRETS_FOLDER and not self.closed.file(path, self.accounts) and own
            folders = (SECRETS_FOLDER,) if there else ()
        if not folders or ".." in path.parts:
            message = f"this folder may not name the file {name[:200]}"
            remedy = f"Where it is meant for this account, the operator writes {self._yaml('files', str(path.parent))}."
            raise Unresolved("not-allowed", message, remedy)
        return folders

    def runs(self, command: Iterable[str]) -> bool:
        """Tell whether a program may be started: a program that is allowed by itself, with any arguments."""
        words = list(command)
        allowed = [each.split() for each in self.programs]
        return any(words[: len(each)] == each for each in allowed if each)

    def reaches(self, host: str) -> bool:
        """Tell whether a host may be reached at a private address."""
        return host.lower().strip("[]") in {each.lower().strip("[]") for each in self.private_hosts}

    def serves(self, host: str) -> bool:
        """Tell whether a model of this folder's own may stand at a private address."""
        return self.reaches(host) or (self.names is None and self.trusted)

    def _yaml(self, key: str, value: str) -> str:
        return f"`allow: {{{key}: {value}}}` under `{self.at}` in the mapping"

    def remedy(self, key: str, value: str) -> str:
        """Return what to write in the mapping, as a sentence."""
        return f"The operator allows it by {self._yaml(key, value)}."


def _named_in_mapping(mapping: Node) -> Iterator[tuple[str, str]]:
    """The variables and files that the mapping itself names, each with the account that it is named for."""
    for path, scalar in leaves(mapping):
        for match in REFERENCE.finditer(scalar.written):
            if found := match["name"] or match["file"]:
                yield found, path[1] if path[0] == "accounts" else ""


Owners = Mapping[tuple[str, str], Sequence[tuple[str, AllowEntry | None]]]
"""For each domain and folder the accounts that name it, with what each is allowed."""


class Grants:
    """The grants of all accounts' folders."""

    def __init__(self, owners: Owners, mapping: Node, *, trusted: bool = False) -> None:
        self._owners, self._trusted = owners, trusted
        allowed = [
            (name, key)
            for key, each in {pair for several in owners.values() for pair in several}
            if each is not None
            for name in (*each.names, *each.files)
        ]
        self._closed = ReservedNames.of((*_named_in_mapping(mapping), *allowed))

    def of(self, domain: str, folder: str, prefix: str) -> Grant:
        """Return what a folder may name: all that any account is allowed that names it. `prefix`: see `Grant`."""
        owners = self._owners.get((domain, folder), ())
        at = f"accounts.{owners[0][0]}" if owners else "the account that names it"
        said = [each for _, each in owners if each is not None]
        if not said:
            keys = frozenset(key for key, _ in owners)
            return Grant(prefix, at, closed=self._closed, accounts=keys, trusted=self._trusted)
        return Grant(
            prefix,
            at,
            names=tuple(name for each in said for name in each.names),
            files=tuple(name for each in said for name in each.files),
            programs=tuple(name for each in said for name in each.programs),
            private_hosts=tuple(name for each in said for name in each.private_hosts),
        )


NOBODY = Grants({}, Table(Mark("", 1, 1)))


def grants_of(entries: Entries, mapping: Node) -> Grants:
    """The grants of a mapping: `entries` as they were read, `mapping` the tree that they were read from."""
    owners: dict[tuple[str, str], list[tuple[str, AllowEntry | None]]] = {}
    for (key, domain, folder), entry in _places(entries).items():
        allow = entry.said.allow if entry.says("allow") else entries.fallback.allow
        owners.setdefault((domain, folder), []).append((key, allow))
    said = entries.fallback.trusted
    return Grants(owners, mapping, trusted=len(entries.accounts) == 1 if said is None else said)


def _places(entries: Entries) -> dict[tuple[str, str, str], Entry[AccountEntry]]:
    """Every account with each domain and folder that it or one of its inboxes names."""
    found = {}
    usual = entries.fallback.domain or ""
    for entry in entries.accounts.values():
        found[entry.key, entry.said.domain or usual, entry.said.tenant or folder_name(entry.key)] = entry
    alone = next(iter(entries.accounts)) if len(entries.accounts) == 1 else None
    for inbox in entries.inboxes:
        owner = entries.accounts.get(account_of(inbox) or alone or "")
        if owner is not None:
            domain = inbox.said.domain or owner.said.domain or usual
            found[owner.key, domain, inbox.said.tenant or owner.said.tenant or folder_name(owner.key)] = owner
    return found

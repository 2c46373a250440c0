"""Changes to chatwoot_mapping.yaml that leave every other byte of it as it was: comments, order, quotes, spacing."""

import difflib
import io
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from config.document.tree import plain
from config.document.yaml_source import parse
from config.files.whole_file import write_whole

_NEVER_WRAP = 1 << 20
_INDENTATION = 2
"""Spaces by which a map is indented, where the file has none yet."""
_OLD = {"mappings", "account_domain_mapping", "inbox_domain_mapping"}


class NotEditable(ValueError):
    """The file is no mapping that can be edited; `chatwootai check` says what is wrong with it."""


class MappingEdit:
    """One mapping file being edited. Nothing is written before `save`."""

    def __init__(self, text: str) -> None:
        self.before = text
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = _NEVER_WRAP
        self._yaml.map_indent = _indentation(text)
        try:
            self._root: Any = self._yaml.load(text) if text.strip() else CommentedMap()
        except YAMLError as error:
            raise NotEditable(f"not readable as YAML: {type(error).__name__}") from None
        if not isinstance(self._root, CommentedMap):
            raise NotEditable("it must hold a map")
        if old := sorted(_OLD & self._root.keys()):
            raise NotEditable(
                f"it is in an older spelling (`{old[0]}:`); `chatwootai check` says what to write instead"
            )
        self._had = set(self._root)
        self._base = self._dump()
        if not text.strip():
            self._root["version"] = 1

    @classmethod
    def read(cls, path: Path) -> "MappingEdit":
        """The file's edit; an empty one where there is no file."""
        return cls(path.read_bytes().decode() if path.exists() else "")

    def has_account(self, key: str) -> bool:
        """Tell whether the mapping has an account under this key."""
        return _key_as_written(self._section("accounts"), key) in self._section("accounts")

    def written_value(self, section: str, key: str, what: str) -> str | None:
        """Return what the file says of an entry, as it is written there; None where it says nothing."""
        entry = self._section(section).get(_key_as_written(self._section(section), key))
        value = entry.get(what) if isinstance(entry, dict) else None
        return None if value is None else str(value)

    def says(self, section: str) -> bool:
        """Tell whether the file has a section."""
        return section in self._had

    def inboxes(self, account: str) -> dict[int, str | None]:
        """The inboxes that the mapping names for an account, each with the name it has there."""
        alone = len(self._section("accounts")) == 1
        found = {}
        for key, entry in self._section("inboxes").items():
            owner, number = _owner(str(key), entry), str(key).rpartition("/")[2]
            if number.isdigit() and (owner == account or (owner is None and alone)):
                name = entry.get("name") if isinstance(entry, dict) else None
                found[int(number)] = str(name) if name is not None else None
        return found

    def installation(self, name: str, url: str) -> None:
        """Add an installation where it is missing."""
        known = self._section("chatwoot")
        if name not in known:
            known[name] = _flow(url=Quoted(url))

    def move_installation(self, name: str, url: str) -> None:
        """Give an installation that is there another address."""
        self._section("chatwoot")[name]["url"] = Quoted(url)

    def account(self, key: str, values: dict[str, Any]) -> None:
        """Add an account, or what it lacks; what stands there is left alone, but lists of secrets are added to."""
        accounts = self._section("accounts")
        name = _key_as_written(accounts, key)
        entry = accounts.setdefault(name, CommentedMap())
        for what, value in values.items():
            if isinstance(value, list) and isinstance(entry.get(what), list):
                entry[what] += [Quoted(each) for each in value if each not in entry[what]]
            elif what not in entry:
                entry[what] = _flow_list(value) if isinstance(value, list) else value

    def pin(self, key: str, shard: str) -> None:
        """Have an account that is there live on a shard."""
        accounts = self._section("accounts")
        accounts[_key_as_written(accounts, key)]["shard"] = shard if _reads_as_text(shard) else Quoted(shard)

    def remove_account(self, key: str) -> None:
        """Take an account and its inboxes out."""
        accounts, inboxes = self._section("accounts"), self._section("inboxes")
        accounts.pop(_key_as_written(accounts, key), None)
        for name in [name for name, entry in inboxes.items() if _owner(str(name), entry) == key]:
            inboxes.pop(name)

    def inbox(self, account: str, number: int, name: str) -> None:
        """Add an inbox, or give the one that is there its new name."""
        inboxes = self._section("inboxes")
        found = self._inbox(account, number)
        if found is not None:
            inboxes[found]["name"] = Quoted(name)
            return
        taken = _key_as_written(inboxes, str(number)) in inboxes
        inboxes[Quoted(f"{account}/{number}" if taken else str(number))] = _flow(
            account=Quoted(account), name=Quoted(name)
        )

    def remove_inbox(self, account: str, number: int) -> None:
        """Take an inbox out."""
        found = self._inbox(account, number)
        if found is not None:
            self._section("inboxes").pop(found)

    def _inbox(self, account: str, number: int) -> Any:
        """The key that an inbox has in the file, or None."""
        for key, entry in self._section("inboxes").items():
            if str(key).rpartition("/")[2] == str(number) and _owner(str(key), entry) in {account, None}:
                return key
        return None

    def _section(self, name: str) -> Any:
        if not isinstance(self._root.get(name), CommentedMap):
            self._root[name] = CommentedMap()
        return self._root[name]

    def text(self) -> str:
        """The file as it will be. Lines that no edit touched are the old ones, also where a writer would space them.

        Where old and new lines do not fit each other, as in a file that is indented in two ways, all are written anew.
        """
        for name in ("chatwoot", "accounts", "inboxes"):
            if name in self._root.keys() - self._had and not self._root[name]:
                del self._root[name]
        dumped = self._dump()
        text = _reapply(self.before, self._base, dumped)
        return text if text == self.before or _parse_yaml(text) == _parse_yaml(dumped) else dumped

    def diff(self, name: str) -> str:
        """Return what `save` would change, as a unified diff; empty where it would change nothing."""
        lines = difflib.unified_diff(self.before.splitlines(), self.text().splitlines(), name, name, lineterm="")
        return "\n".join(lines)

    def save(self, path: Path) -> None:
        """Write the file in one step, so that a watcher never reads half of it."""
        write_whole(path, self.text().encode(), 0o644)

    def _dump(self) -> str:
        out = io.StringIO()
        self._yaml.dump(self._root, out)
        return out.getvalue()


def _indentation(text: str) -> int:
    """Return by how many spaces the file indents what stands in a map: as its first line that does."""
    found = re.search(r"^[^\s#][^#\n]*:[ \t]*(?:#.*)?\n(?:[ \t]*(?:#.*)?\n)*( +)[^\s#-]", text, re.MULTILINE)
    return len(found[1]) if found else _INDENTATION


def _reads_as_text(word: str) -> bool:
    """Tell whether a word without quotes is read back as itself: `no`, `7` and `-` are not."""
    node, problems = parse(f"word: {word}\n".encode(), "")
    return not problems and node is not None and plain(node) == {"word": word}


def _parse_yaml(text: str) -> Any:
    """Return what a file means; None where it is no YAML."""
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        return None


def _reapply(before: str, base: str, after: str) -> str:
    """The change from `base` to `after` made to `before`, which differs from `base` only within its lines."""
    old, lines, new = before.splitlines(keepends=True), base.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) != len(lines):
        return after if after != base else before
    made: list[str] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, lines, new, autojunk=False).get_opcodes():
        made += old[a:b] if what == "equal" else [*new[c:d], *_comments_among(old[a:b], new[c:d])]
    return "".join(made)


def _comments_among(gone: list[str], instead: list[str]) -> list[str]:
    """Comments among lines that go: they stand between entries, and may well be about the next one."""
    return [line for line in gone if line.lstrip().startswith("#") and line not in instead]


def _key_as_written(section: Any, key: str) -> Any:
    """The key as the file spells it (a number may stand without quotes), or as it will be written."""
    return next((known for known in section if str(known) == key), Quoted(key))


def _owner(key: str, entry: Any) -> str | None:
    said = entry.get("account") if isinstance(entry, dict) else None
    return str(said) if said is not None else key.rpartition("/")[0] or None


def _flow(**values: Any) -> CommentedMap:
    made = CommentedMap(values)
    made.fa.set_flow_style()
    return made


def _flow_list(values: list[str]) -> Any:
    made = CommentedSeq([Quoted(each) for each in values])
    made.fa.set_flow_style()
    return made

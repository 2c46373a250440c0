"""Four older spellings of the mapping, rewritten to the present one before anything else looks at it.

1. `accounts:` and `inboxes:` without `version: 1`, with `account_id` for `tenant`.
2. A bare word instead of a map: `"1": retail`.
3. Everything under `mappings:`.
4. `account_domain_mapping:` and `inbox_domain_mapping:`.
"""

from dataclasses import dataclass, field

from config.problems import Note
from config.tree import Mark, Node, Scalar, Table

SECTIONS = {"account_domain_mapping": "accounts", "inbox_domain_mapping": "inboxes"}
KNOWN = {"version", "chatwoot", "accounts", "inboxes", "fallback", "sync", *SECTIONS}


@dataclass(slots=True)
class Spelled:
    """The mapping in its present spelling. `old`: without a version, so it may lack what older files never had."""

    table: Table
    old: bool = False
    notes: list[Note] = field(default_factory=list)

    def note(self, mark: Mark, message: str) -> None:
        """Say once which spelling was met, where it was met first."""
        if all(each.message != message for each in self.notes):
            self.notes.append(Note(mark.file, mark.line, message))


def modern(root: Table) -> Spelled:
    """Rewrite whichever spellings are met; a file in the present one comes back as it is."""
    spelled = Spelled(root, old="version" not in root.items)
    _lift(spelled)
    _rename(spelled)
    for section in ("accounts", "inboxes"):
        entries = spelled.table.items.get(section)
        if isinstance(entries, Table):
            spelled.table.items[section] = _entries(spelled, entries)
    if spelled.old:
        spelled.note(root.mark, "old spelling: no `version: 1`; it is read as such")
    return spelled


def _lift(spelled: Spelled) -> None:
    """`mappings:` and all that is under it to the top."""
    root = spelled.table
    inner = root.items.get("mappings")
    table = Table(root.mark, dict(root.items), dict(root.keys))
    spelled.table = table
    if not isinstance(inner, Table):
        return
    spelled.note(root.keys["mappings"], "old spelling: everything under `mappings:`; write its keys at the top")
    del table.items["mappings"]
    if not inner.items.keys() & KNOWN:  # the entries themselves, without a section between
        inner = Table(inner.mark, {"accounts": inner}, {"accounts": root.keys["mappings"]})
    for key, value in inner.items.items():
        table.items.setdefault(key, value)
        table.keys.setdefault(key, inner.keys[key])


def _rename(spelled: Spelled) -> None:
    """`account_domain_mapping` to `accounts`, and so on; entries of both are joined."""
    table = spelled.table
    for old, new in SECTIONS.items():
        entries = table.items.pop(old, None)
        if entries is None:
            continue
        spelled.note(table.keys[old], f"old spelling: `{old}:`; write `{new}:`")
        known = table.items.get(new)
        if isinstance(known, Table) and isinstance(entries, Table):
            entries = Table(known.mark, {**entries.items, **known.items}, {**entries.keys, **known.keys})
        table.items[new] = entries
        table.keys.setdefault(new, table.keys[old])


def _entries(spelled: Spelled, entries: Table) -> Table:
    items: dict[str, Node] = {}
    for key, entry in entries.items.items():
        if isinstance(entry, Scalar) and isinstance(entry.value, str):
            spelled.note(entries.keys[key], "old spelling: a bare word as domain; write `{domain: ...}`")
            items[key] = Table(entry.mark, {"domain": entry}, {"domain": entry.mark})
        else:
            items[key] = _tenant(spelled, entry) if isinstance(entry, Table) else entry
    return Table(entries.mark, items, entries.keys)


def _tenant(spelled: Spelled, entry: Table) -> Table:
    old = entry.items.get("account_id")
    if old is None or "tenant" in entry.items:
        return entry
    mark = entry.keys["account_id"]
    spelled.note(mark, "old spelling: `account_id`; write `tenant`")
    if isinstance(old, Scalar) and isinstance(old.value, int):
        old = Scalar(old.mark, f"account_{old.value}", old.written, old.hidden)
    items = {("tenant" if key == "account_id" else key): value for key, value in entry.items.items()}
    items["tenant"] = old
    keys = {("tenant" if key == "account_id" else key): place for key, place in entry.keys.items()}
    return Table(entry.mark, items, keys)

"""Four older spellings of the mapping, rewritten to the present one before anything else looks at it.

1. `accounts:` and `inboxes:` without `version: 1`, with `account_id` for `tenant`.
2. A bare word instead of a map: `"1": retail`.
3. Everything under `mappings:`.
4. `account_domain_mapping:` and `inbox_domain_mapping:`.
"""

from dataclasses import dataclass, field

from config.document.problems import Note, Problem, nearest
from config.document.tree import Mark, Node, Scalar, Table

SECTIONS = {"account_domain_mapping": "accounts", "inbox_domain_mapping": "inboxes"}
KNOWN = {"version", "chatwoot", "accounts", "inboxes", "fallback", "sync", *SECTIONS}


@dataclass(slots=True)
class UpgradedMapping:
    """The mapping in its present spelling. `old`: without a version, so it may lack what older files never had."""

    table: Table
    old: bool = False
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """What the file calls a section, where that is not its present name."""

    def note(self, mark: Mark, message: str) -> None:
        """Say once which spelling was met, where it was met first."""
        if all(each.message != message for each in self.notes):
            self.notes.append(Note(mark.file, mark.line, message))


def upgrade(root: Table) -> UpgradedMapping:
    """Rewrite whichever spellings are met; a file in the present one comes back as it is."""
    upgraded = UpgradedMapping(root, old="version" not in root.items)
    _lift_mappings(upgraded)
    _report_misspelt_sections(upgraded)
    _rename_sections(upgraded)
    for section in ("accounts", "inboxes"):
        entries = upgraded.table.items.get(section)
        if isinstance(entries, Table):
            upgraded.table.items[section] = _upgrade_entries(upgraded, entries)
    if upgraded.old:
        upgraded.note(root.mark, "old spelling: no `version: 1`; it is read as such")
    return upgraded


def _lift_mappings(upgraded: UpgradedMapping) -> None:
    """`mappings:` and all that is under it to the top."""
    root = upgraded.table
    inner = root.items.get("mappings")
    table = Table(root.mark, dict(root.items), dict(root.keys))
    upgraded.table = table
    if inner is None:
        return
    del table.items["mappings"]
    if not isinstance(inner, Table):
        remedy = "Write `accounts:` and one account under it; the guide has an example."
        upgraded.problems.append(Problem(*root.keys["mappings"], "type", "`mappings`: a map is needed", remedy))
        return
    upgraded.note(root.keys["mappings"], "old spelling: everything under `mappings:`; write its keys at the top")
    if not any(nearest(key, KNOWN) for key in inner.items):  # the entries themselves, without a section between
        inner = Table(inner.mark, {"accounts": inner}, {"accounts": root.keys["mappings"]})
    for key, value in inner.items.items():
        _join_section(upgraded, key, value, inner.keys[key])


def _report_misspelt_sections(upgraded: UpgradedMapping) -> None:
    """Old names of sections, misspelt: a present name is found by whoever looks at the keys."""
    table = upgraded.table
    for key in [each for each in table.items if each not in KNOWN]:
        near = nearest(key, KNOWN)
        if near in SECTIONS:
            message, remedy = f"`{key[:120]}`: there is no such key", f"Write `{SECTIONS[near]}`; `{near}` is read too."
            upgraded.problems.append(Problem(*table.keys[key], "unknown-key", message, remedy))
            del table.items[key]


def _join_section(upgraded: UpgradedMapping, key: str, value: Node, mark: Mark) -> None:
    """Add a section, or its entries to the one that is there; an entry in both is a contradiction."""
    table = upgraded.table
    there = table.items.get(key)
    if not isinstance(there, Table) or not isinstance(value, Table):
        table.items[key], table.keys[key] = (value, mark) if there is None else (there, table.keys[key])
        return
    for name in there.items.keys() & value.items.keys():
        first, second = sorted((there.keys[name], value.keys[name]))
        message = f"`{key}.{name[:60]}` stands twice; first on line {first.line}"
        upgraded.problems.append(Problem(*second, "duplicate-key", message, "Keep one of the two."))
    table.items[key] = Table(there.mark, {**value.items, **there.items}, {**value.keys, **there.keys})


def _rename_sections(upgraded: UpgradedMapping) -> None:
    """`account_domain_mapping` to `accounts`, and so on; entries of both are joined."""
    table = upgraded.table
    for old, new in SECTIONS.items():
        entries = table.items.pop(old, None)
        if entries is None:
            continue
        upgraded.note(table.keys[old], f"old spelling: `{old}:`; write `{new}:`")
        upgraded.names[new] = old
        _join_section(upgraded, new, entries, table.keys[old])


def _upgrade_entries(upgraded: UpgradedMapping, entries: Table) -> Table:
    items: dict[str, Node] = {}
    for key, entry in entries.items.items():
        if isinstance(entry, Scalar) and isinstance(entry.value, str) and ":" not in entry.value:
            upgraded.note(entries.keys[key], "old spelling: a bare word as domain; write `{domain: ...}`")
            items[key] = Table(entry.mark, {"domain": entry}, {"domain": entry.mark})
        else:
            items[key] = _rename_account_id(upgraded, entry) if isinstance(entry, Table) else entry
    return Table(entries.mark, items, entries.keys)


def _rename_account_id(upgraded: UpgradedMapping, entry: Table) -> Table:
    old = entry.items.get("account_id")
    if old is None:
        return entry
    mark = entry.keys["account_id"]
    if "tenant" in entry.items:
        message = "`account_id` is the old spelling of `tenant`, and both stand here"
        upgraded.problems.append(Problem(*mark, "contradiction", message, "Keep `tenant`."))
        items = {key: value for key, value in entry.items.items() if key != "account_id"}
        return Table(entry.mark, items, entry.keys)
    upgraded.note(mark, "old spelling: `account_id`; write `tenant`")
    if isinstance(old, Scalar) and isinstance(old.value, int):
        old = Scalar(old.mark, f"account_{old.value}", old.written, old.hidden)
    items = {("tenant" if key == "account_id" else key): value for key, value in entry.items.items()}
    items["tenant"] = old
    keys = {("tenant" if key == "account_id" else key): place for key, place in entry.keys.items()}
    return Table(entry.mark, items, keys)

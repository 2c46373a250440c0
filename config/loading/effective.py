"""Resolves the settings of an account or inbox, with the file and line that each value came from."""

from dataclasses import dataclass

from config.document.tree import Scalar, Sequence, Table, leaves
from config.inheritance.layer import Merged
from config.inheritance.library import Library
from config.loading.loader import Inspection
from config.mapping.mapping import SECRETS, folder_name, value_node
from config.schema.base import Section
from config.secrets.secret import MASK
from config.settings.knowledge import FOLDER, SOURCES
from config.snapshot import Account

DEFAULT = "default"
_MASKED = {*SECRETS, ("model", "api_key")}


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `file` is "default" (and `line` 0) where nobody wrote it. References are shown as written."""

    path: str
    value: object
    file: str
    line: int


def effective_values(
    found: Inspection, key: str, inbox: int | None = None, *, unset: bool = False
) -> tuple[Value, ...]:
    """Return every setting of an account, or of one of its inboxes, sorted by path; with `unset`, empty ones too.

    Raises:
        KeyError: no such account.
    """
    account = found.snapshot.accounts[key]
    settings = found.snapshot.settings(key, inbox) if inbox is not None else account.settings
    written = {value.path: value for value in _leaf_values(_merge_for_inbox(found, account, inbox).settled, found)}
    for path, value in _defaults(settings):
        if value is None and not unset:
            continue
        if not any(known == path or known.startswith(path + ".") for known in written):
            written[path] = Value(path, value, DEFAULT, 0)
    return tuple(written[path] for path in sorted(written))


def mapping_values(found: Inspection, key: str) -> tuple[Value, ...]:
    """Return what the mapping itself says of an account."""
    entry = found.entries.accounts.get(key) if found.entries else None
    return tuple(_leaf_values(entry.node, found)) if entry else ()


def _merge_for_inbox(found: Inspection, account: Account, inbox: int | None) -> Merged:
    own = account.inboxes.get(inbox) if inbox is not None else None
    domain, folder = (own.domain, own.folder) if own else (account.domain, account.folder)
    entry = found.entries.accounts[account.key] if found.entries else None
    library = Library(found.library.sources, found.library.references, whole=True)
    library.grants = found.library.grants
    implied = entry.mark if entry and not entry.says("tenant") and folder == folder_name(account.key) else None
    merged = library.tenant(domain, folder, value_node(entry, "name") if entry else None, implied)
    path = library.inboxes(domain, folder).get(inbox) if inbox is not None else None
    return library.inbox(merged, path) if path else merged


def _leaf_values(table: Table, found: Inspection) -> list[Value]:
    """The leaves of a tree. Where there is a problem the value stays hidden: it may be a secret in a wrong place."""
    doubtful = {(each.file, each.line) for each in found.problems}
    values = []
    for path, scalar in leaves(table):
        if path[:2] == SOURCES and path[-1] == FOLDER:  # set as the file is read; nobody writes it
            continue
        secret = any(path[: len(place)] == place for place in _MASKED) or scalar.mark[:2] in doubtful
        shown = MASK if secret else scalar.written if scalar.hidden else scalar.value
        values.append(Value(".".join(path), shown, scalar.mark.file, scalar.mark.line))
    return values + [_empty(path, node) for path, node in _empty_collections(table)]


def _empty_collections(table: Table, path: tuple[str, ...] = ()) -> list[tuple[str, Table | Sequence]]:
    """Maps and lists that are written and empty: they have no leaf that could say so."""
    found: list[tuple[str, Table | Sequence]] = []
    for key, node in table.items.items():
        if isinstance(node, Scalar):
            continue
        if not node.items:
            found.append((".".join((*path, key)), node))
        elif isinstance(node, Table):
            found += _empty_collections(node, (*path, key))
    return found


def _empty(path: str, node: Table | Sequence) -> Value:
    return Value(path, {} if isinstance(node, Table) else [], node.mark.file, node.mark.line)


def _defaults(section: Section, path: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            found += _defaults(value, f"{path}{name}.")
        else:
            found.append((path + name, list(value) if isinstance(value, tuple) else value))
    return found

"""Loads a snapshot from a folder: reads everything, finds every problem, and only then hands anything out."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.document.problems import ConfigurationError, Problem, nearest
from config.document.tree import Mark, Scalar, Table
from config.document.yaml_source import MAPPING as LIMITS
from config.document.yaml_source import parse
from config.files.sources import FROM_FILE, MAPPING, Folder, Sources, gather
from config.files.sources import shipped as shipped_sources
from config.inheritance.library import Library
from config.inheritance.memory import Memory
from config.inheritance.unread import unread
from config.loading.accounts import Assembly
from config.loading.checks import contradictions, misspelt_tenants, shared_folders
from config.loading.digest import digest
from config.mapping.grants import grants
from config.mapping.mapping import Entries, entries
from config.mapping.spellings import Spelled, modern
from config.secrets.references import References
from config.settings.settings import Settings
from config.snapshot import Snapshot, SyncPlan


def load(folder: Path, environ: Mapping[str, str]) -> Snapshot:
    """Read and validate the whole configuration of `folder`.

    Raises:
        ConfigurationError: with every problem found, each with its file, line and column.
    """
    found = inspect(folder, environ)
    if found.problems:
        raise ConfigurationError(found.problems)
    return found.snapshot


@dataclass(frozen=True, slots=True)
class Inspection:
    """Result of reading a folder, sound or not: what could be built, every problem, and the trees with each place."""

    snapshot: Snapshot
    problems: tuple[Problem, ...]
    library: Library
    entries: Entries | None = None


def inspect(folder: Path, environ: Mapping[str, str]) -> Inspection:
    """As `load`, but with problems as a value, and whatever could be built beside them."""
    return inspect_sources(gather(folder, environ), environ)


def inspect_sources(sources: Sources, environ: Mapping[str, str], memory: Memory | None = None) -> Inspection:
    """As `inspect`, of what was read already; a `memory` spares what has not changed since its last use."""
    if memory is not None:
        memory.begin()
    with _no_collection():
        return _inspect(sources, environ, memory or Memory())


def _inspect(sources: Sources, environ: Mapping[str, str], memory: Memory) -> Inspection:
    references = References(environ)
    library = Library(sources, references, memory)
    read, problems = _mapping(sources.folder, references, memory)
    if read is None:
        library.read_unused()
        nobody = Snapshot(digest=digest({}), accounts={})
        return Inspection(nobody, _unique(problems + library.problems + unread(library)[0]), library)
    spelled, found = read
    library.grants = grants(found, spelled.table)
    assembly = Assembly(found, library, environ)
    accounts = assembly.accounts()
    library.read_unused()
    problems = [*problems, *found.problems, *assembly.problems, *library.problems, *contradictions(found, accounts)]
    problems += misspelt_tenants(found, accounts, library.tenant_folders())
    problems += shared_folders(found, accounts, library.tenant_folders())
    overlooked, idle = unread(library)
    problems += [*overlooked, *_bad_key(references, found.mark, problems)]
    if not found.accounts and not problems:
        problems.append(_nothing(spelled.table.mark))
    notes = (*spelled.notes, *assembly.notes, *library.notes, *idle)
    plan = SyncPlan(60 * found.sync.every_minutes, found.sync.write, found.sync.address)
    sync = plan if plan.seconds else None
    snapshot = Snapshot(digest=digest(accounts, memory, sync), accounts=accounts, notes=notes, sync=sync)
    return Inspection(snapshot, _unique(problems), library, found)


def shipped() -> Settings:
    """The settings of `_base` as they ship: what a tenant has that says nothing."""
    return Library(Sources(shipped_sources(), own=True), References({})).base.settings


Read = tuple[Spelled, Entries]


def _mapping(folder: Folder, references: References, memory: Memory) -> tuple[Read | None, list[Problem]]:
    if not folder.there(MAPPING):
        return None, [_missing(folder)]
    if MAPPING in folder.troubles:
        return None, [folder.troubles[MAPPING]]
    data = folder.files[MAPPING]
    part = object() if FROM_FILE in data else data  # a file that a reference names may have changed
    return memory.keep("mapping", (part,), lambda: _parsed(data, folder.name(MAPPING), references))


def _parsed(data: bytes, name: str, references: References) -> tuple[Read | None, list[Problem]]:
    node, problems = parse(data, name, LIMITS)
    if isinstance(node, Table):
        spelled = modern(node)
        problems = problems + references.resolve(spelled.table)
        return (spelled, entries(spelled)), problems
    if not problems:
        mark = node.mark if node is not None else Mark(name, 1, 1)
        empty = node is None or (isinstance(node, Scalar) and node.value is None)
        remedy = "Write `accounts:` and one account under it; the guide has an example."
        message = "the mapping is empty: it answers for nobody" if empty else "the mapping must be a map"
        problems = [Problem(*mark, "empty-mapping" if empty else "type", message, remedy)]
    return None, problems


def _missing(folder: Folder) -> Problem:
    if not folder.path.is_dir():
        remedy = "Create it, or point CHATWOOTAI_CONFIG to the folder that holds chatwoot_mapping.yaml."
        return Problem(folder.name(""), 1, 1, "missing-folder", "there is no such folder", remedy)
    near = nearest(MAPPING, folder.folders.get("", ()))
    remedy = f"Rename {near}." if near else "Create it, or point CHATWOOTAI_CONFIG to the folder that holds it."
    return Problem(folder.name(MAPPING), 1, 1, "missing-mapping", "there is no such file", remedy)


def _nothing(mark: Mark) -> Problem:
    remedy = "Write `accounts:` and one account under it; the guide has an example."
    return Problem(*mark, "empty-mapping", "the mapping names no account: it answers for nobody", remedy)


def _bad_key(references: References, mark: Mark, known: list[Problem]) -> list[Problem]:
    """A key that is none: without one nothing of this could be encrypted, though nothing in the files asks for it."""
    why = references.unusable_key()
    if why is None or any(each.rule == why.args[0] for each in known):
        return []
    return [Problem(mark.file, 1, 1, *why.args)]


def _unique(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems)))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Loading makes many objects and no garbage cycles: the collector would only walk them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()

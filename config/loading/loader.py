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
from config.inheritance.load_cache import LoadCache
from config.inheritance.unused_files import unused_files
from config.loading.accounts import AccountBuilder
from config.loading.checks import contradictions, misspelt_tenants, shared_folders
from config.loading.digest import digest_of
from config.loading.pins import check_pins
from config.mapping.grants import grants_of
from config.mapping.legacy import UpgradedMapping, upgrade
from config.mapping.mapping import Entries, read_entries
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


def inspect_sources(sources: Sources, environ: Mapping[str, str], cache: LoadCache | None = None) -> Inspection:
    """As `inspect`, of what was read already; a `cache` spares what has not changed since its last use."""
    if cache is not None:
        cache.begin()
    with _no_collection():
        return _inspect(sources, environ, cache or LoadCache())


def _inspect(sources: Sources, environ: Mapping[str, str], cache: LoadCache) -> Inspection:
    references = References(environ)
    library = Library(sources, references, cache)
    read, problems = _mapping(sources.folder, references, cache)
    if read is None:
        library.read_unused()
        nobody = Snapshot(digest=digest_of({}), accounts={})
        return Inspection(nobody, _unique(problems + library.problems + unused_files(library)[0]), library)
    upgraded, found = read
    library.grants = grants_of(found, upgraded.table)
    assembly = AccountBuilder(found, library, environ)
    accounts = assembly.accounts()
    library.read_unused()
    problems = [*problems, *found.problems, *assembly.problems, *library.problems, *contradictions(found, accounts)]
    problems += misspelt_tenants(found, accounts, library.tenant_folders())
    problems += shared_folders(found, accounts, library.tenant_folders())
    unknown_shards, unused_pins = check_pins(found, environ)
    problems += unknown_shards
    overlooked, idle = unused_files(library)
    problems += [*overlooked, *_bad_key(references, found.mark, problems)]
    if not found.accounts and not problems:
        problems.append(_nothing(upgraded.table.mark))
    notes = (*upgraded.notes, *assembly.notes, *library.notes, *idle, *unused_pins)
    plan = SyncPlan(60 * found.sync.every_minutes, found.sync.write, found.sync.address)
    sync = plan if plan.seconds else None
    snapshot = Snapshot(digest=digest_of(accounts, cache, sync), accounts=accounts, notes=notes, sync=sync)
    return Inspection(snapshot, _unique(problems), library, found)


def shipped() -> Settings:
    """The settings of `_base` as they ship: what a tenant has that says nothing."""
    return Library(Sources(shipped_sources(), own=True), References({})).base.settings


Read = tuple[UpgradedMapping, Entries]


def _mapping(folder: Folder, references: References, cache: LoadCache) -> tuple[Read | None, list[Problem]]:
    if not folder.has_file(MAPPING):
        return None, [_missing(folder)]
    if MAPPING in folder.troubles:
        return None, [folder.troubles[MAPPING]]
    data = folder.files[MAPPING]
    part = object() if FROM_FILE in data else data  # a file that a reference names may have changed
    return cache.keep("mapping", (part,), lambda: _parse(data, folder.name(MAPPING), references))


def _parse(data: bytes, name: str, references: References) -> tuple[Read | None, list[Problem]]:
    node, problems = parse(data, name, LIMITS)
    if isinstance(node, Table):
        upgraded = upgrade(node)
        problems = problems + references.resolve(upgraded.table)
        return (upgraded, read_entries(upgraded)), problems
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

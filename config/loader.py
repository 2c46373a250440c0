"""The one way from a folder to a snapshot: read everything, find every problem, and only then hand anything out."""

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.accounts import Assembly
from config.checks import contradictions, misspelt_tenants
from config.digest import digest
from config.layers import FILE, SHIPPED, Library, there
from config.mapping import Entries, entries
from config.problems import ConfigurationError, Problem, nearest
from config.references import References
from config.settings import SENTENCES, Settings
from config.snapshot import Snapshot
from config.spellings import modern
from config.tree import Mark, Scalar, Table
from config.yaml_source import MAPPING as LIMITS
from config.yaml_source import read

MAPPING = "chatwoot_mapping.yaml"


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
    """What a folder says, sound or not: what could be built, every problem, and the trees that know each place."""

    snapshot: Snapshot
    problems: tuple[Problem, ...]
    library: Library
    entries: Entries | None = None


def inspect(folder: Path, environ: Mapping[str, str]) -> Inspection:
    """As `load`, but with problems as a value, and whatever could be built beside them."""
    with _no_collection():
        return _inspect(folder, environ)


def _inspect(folder: Path, environ: Mapping[str, str]) -> Inspection:
    references = References(environ)
    library = Library(folder, references)
    table, problems = _mapping(folder)
    if table is None:
        library.check_unused()
        nobody = Snapshot(digest=digest({}), accounts={})
        return Inspection(nobody, _unique(problems + library.problems), library)
    spelled = modern(table)
    problems += references.resolve(spelled.table)
    found = entries(spelled)
    assembly = Assembly(found, library, environ, functions(environ))
    accounts = assembly.accounts()
    library.check_unused()
    problems += [*found.problems, *assembly.problems, *library.problems, *contradictions(found, accounts)]
    problems += misspelt_tenants(found, accounts, library.tenant_folders())
    problems += _silent(library.base.settings, folder)
    if not found.accounts and not problems:
        problems.append(_nothing(table.mark))
    notes = (*spelled.notes, *assembly.notes, *library.notes)
    snapshot = Snapshot(digest=digest(accounts), accounts=accounts, notes=notes)
    return Inspection(snapshot, _unique(problems), library, found)


def shipped() -> Settings:
    """The settings of `_base` as they ship: what a tenant has that says nothing."""
    return Library(SHIPPED, References({})).base.settings


def functions(environ: Mapping[str, str]) -> list[str] | None:
    """The crews there are, by their folders; None where no crew folder can be found."""
    named = environ.get("CHATWOOTAI_CREWS")
    folder = Path(named) if named else SHIPPED.parent / "crews" / "catalog"
    try:
        names = [path.name for path in folder.iterdir() if (path / "agents.yaml").is_file()]
    except OSError:
        return None
    return sorted(names) or None


def _mapping(folder: Path) -> tuple[Table | None, list[Problem]]:
    path = folder / MAPPING
    if not there(path):
        return None, [_missing(folder, path)]
    node, problems = read(path, str(path), LIMITS)
    if isinstance(node, Table):
        return node, problems
    if not problems:
        mark = node.mark if node is not None else Mark(str(path), 1, 1)
        empty = node is None or (isinstance(node, Scalar) and node.value is None)
        remedy = "Write `accounts:` and one account under it; the guide has an example."
        message = "the mapping is empty: it answers for nobody" if empty else "the mapping must be a map"
        problems.append(Problem(*mark, "empty-mapping" if empty else "type", message, remedy))
    return None, problems


def _missing(folder: Path, path: Path) -> Problem:
    if not folder.is_dir():
        remedy = "Create it, or point CHATWOOTAI_CONFIG to the folder that holds chatwoot_mapping.yaml."
        return Problem(str(folder), 1, 1, "missing-folder", "there is no such folder", remedy)
    near = nearest(MAPPING, os.listdir(folder) if os.access(folder, os.R_OK) else [])  # noqa: PTH208 - names will do
    remedy = f"Rename {near}." if near else "Create it, or point CHATWOOTAI_CONFIG to the folder that holds it."
    return Problem(str(path), 1, 1, "missing-mapping", "there is no such file", remedy)


def _nothing(mark: Mark) -> Problem:
    remedy = "Write `accounts:` and one account under it; the guide has an example."
    return Problem(*mark, "empty-mapping", "the mapping names no account: it answers for nobody", remedy)


def _silent(base: Settings, folder: Path) -> list[Problem]:
    """Sentences that a folder's own `_base` has removed in every language a turn could fall back to."""
    problems = []
    for name in SENTENCES:
        try:
            base.sentence(name)
        except KeyError:
            file = str(folder / "domains" / "_base" / FILE)
            remedy = f"Write it under `sentences.{base.language}`."
            problems.append(Problem(file, 1, 1, "missing-sentence", f"the sentence `{name}` is gone", remedy))
    return problems


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

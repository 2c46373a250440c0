"""Finds all that `chatwootai check` tells: problems and notes of configuration and crews; and prints annotations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.document.problems import Note, Problem
    from config.loading.loader import Inspection
    from config.snapshot import Snapshot


@dataclass
class Findings:
    """Problems and notes of a folder. `accounts`: how many there are; `unresolved`: secrets not looked up."""

    snapshot: "Snapshot"
    problems: "list[Problem]"
    notes: "list[Note | str]"
    accounts: int
    unresolved: list[str] = field(default_factory=list)


def findings(folder: Path, environment: Mapping[str, str], *, secrets: bool = True) -> Findings:
    """Return what is wrong with a folder. Without `secrets`, those that are not at hand are listed and no problem."""
    from config.loading.loader import inspect
    from config.loading.without_secrets import inspect_without_secrets

    if secrets:
        return _of(folder, inspect(folder, environment), environment)
    without = inspect_without_secrets(folder, environment)
    told = _of(folder, without.found, environment, keys=False)
    named = (re.search(r"`([^`]+)` (?:is not set|is empty)", each.message) for each in without.unresolved)
    told.unresolved = sorted(
        {
            found[1] if found else f"{each.file}:{each.line}"
            for found, each in zip(named, without.unresolved, strict=True)
        }
    )
    return told


def _of(folder: Path, found: "Inspection", environment: Mapping[str, str], *, keys: bool = True) -> Findings:
    from config.files.sources import DOMAINS, EVALS, MAPPING
    from config.loading.knowledge_files import missing_files
    from crews.plan import planning

    snapshot = found.snapshot
    problems = list(found.problems) or planning.problems(snapshot)
    problems += missing_files(found.library.own)
    if any((folder / DOMAINS).glob(f"**/{EVALS}")):
        from config.evaluation.case_files import problems_of_sets  # with the types of cases, which few folders have

        problems += problems_of_sets(folder)
    notes: list[Note | str] = [*snapshot.notes, *planning.notes(snapshot)]
    if keys:
        mapping = found.library.own.name(MAPPING)
        problems += planning.key_problems(snapshot, environment, mapping)
        notes += planning.key_notes(snapshot, environment, mapping)
    return Findings(snapshot, problems, [*notes, *_astray(folder)], len(snapshot.accounts))


def _astray(folder: Path) -> Iterator[str]:
    """Yield a note for each file of secrets that lies where a wheel, an image or git would take it."""
    from ops.connect.secret_places import stray_secrets, warnings

    for path in stray_secrets(folder):
        yield from warnings(path)


def as_annotations(found: Findings) -> Iterator[str]:
    """Yield problems and notes as a workflow of GitHub's takes them from the output, a line each."""
    for problem in found.problems:
        place = f"file={_property(problem.file)},line={problem.line},col={problem.column}"
        yield f"::error {place},title={_property(problem.rule)}::{_data(f'{problem.message}. {problem.remedy}')}"
    for note in found.notes:
        if isinstance(note, str):
            yield f"::warning::{_data(note)}"
        else:
            yield f"::warning file={_property(note.file)},line={note.line}::{_data(note.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

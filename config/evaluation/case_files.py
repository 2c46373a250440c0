"""Reads sets of cases: `evals/<set>/*.yaml` and `*.jsonl` beside the settings of `_base`, a domain or a tenant."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.document.problems import Problem
from config.document.tree import Mark, Node, Scalar, Sequence, Table
from config.document.yaml_source import parse
from config.evaluation.case import Case
from config.files.sources import DOMAINS, EVALS
from config.schema.validation import validate

_BASE = "_base"
_SUFFIXES = (".yaml", ".yml", ".jsonl")
BASELINE = "baseline.json"
"""File of a set with its accepted results."""


@dataclass(frozen=True, slots=True)
class WrittenCase:
    """A case with the place where it is written: `file`, `line` from 1; `group` is never empty."""

    case: Case
    file: str
    line: int
    group: str


def set_folders(configuration: Path, domain: str, tenant: str, name: str) -> list[Path]:
    """Return the folders that hold cases of a set for a tenant: those of `_base`, its domain and its own."""
    places = (_BASE, domain, f"{domain}/{tenant}")
    found = (configuration / DOMAINS / place / EVALS / name for place in places)
    return [each for each in found if each.is_dir()]


def set_names(configuration: Path, domain: str, tenant: str) -> list[str]:
    """Return the names of the sets that a tenant has, sorted."""
    places = (configuration / DOMAINS / place / EVALS for place in (_BASE, domain, f"{domain}/{tenant}"))
    return sorted({each.name for place in places if place.is_dir() for each in place.iterdir() if each.is_dir()})


def own_set_folder(configuration: Path, domain: str, tenant: str, name: str) -> Path:
    """Return the folder of a set beside a tenant's own settings, whether it is there or not."""
    return configuration / DOMAINS / domain / tenant / EVALS / name


def read_sets(configuration: Path, domain: str, tenant: str) -> list[WrittenCase]:
    """Return the cases of all sets that a tenant has, those with problems left out."""
    names = set_names(configuration, domain, tenant)
    return [one for name in names for one in read_set(set_folders(configuration, domain, tenant, name))[0]]


def read_set(folders: list[Path]) -> tuple[list[WrittenCase], list[Problem]]:
    """Return the cases of a set's folders in order of their files, and what is wrong with them."""
    cases: list[WrittenCase] = []
    problems: list[Problem] = []
    for path in _files(folders):
        found, wrong = read_file(path)
        cases += found
        problems += wrong
    return cases, problems + list(_repeated(cases))


def problems_of_sets(configuration: Path) -> list[Problem]:
    """Return what is wrong with the cases of a whole configuration."""
    problems: list[Problem] = []
    for place in sorted((configuration / DOMAINS).glob(f"**/{EVALS}/*")):
        if place.is_dir() and place.parent.parent.relative_to(configuration / DOMAINS).parts[2:] == ():
            problems += read_set([place])[1]
    return problems


def read_file(path: Path) -> tuple[list[WrittenCase], list[Problem]]:
    """Return the cases of one file, and what is wrong with it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        return [], [Problem(str(path), 1, 1, "unreadable", message, "Make it a readable file.")]
    nodes, problems = _lines(data, str(path)) if path.suffix == ".jsonl" else _yaml(data, str(path))
    cases = []
    for node in nodes:
        case, wrong = validate(Case, node)
        problems += wrong
        if case is not None and not wrong:
            cases.append(WrittenCase(case, str(path), node.mark.line, case.group or path.stem))
    return cases, problems


def _files(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(each for each in folder.iterdir() if each.suffix in _SUFFIXES and each.is_file())


def _repeated(cases: list[WrittenCase]) -> Iterator[Problem]:
    """Yield a problem for each name that an earlier case of the set has: reports name cases."""
    first: dict[str, WrittenCase] = {}
    for each in cases:
        known = first.setdefault(each.case.name, each)
        if known is not each:
            message = f"the name `{each.case.name[:80]}` is that of {known.file}:{known.line} too"
            yield Problem(each.file, each.line, 1, "case-twice", message, "Give one of them another name.")


def _yaml(data: bytes, name: str) -> tuple[list[Node], list[Problem]]:
    node, problems = parse(data, name)
    if isinstance(node, Sequence):
        return list(node.items), problems
    if isinstance(node, Table):
        return [node], problems
    if not problems:
        problems = [Problem(name, 1, 1, "type", "a case, or a list of cases, is needed", "Write `name:` and `say:`.")]
    return [], problems


def _lines(data: bytes, name: str) -> tuple[list[Node], list[Problem]]:
    nodes: list[Node] = []
    problems: list[Problem] = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if line.strip():
            try:
                nodes.append(_node(json.loads(line), Mark(name, number, 1)))
            except ValueError as error:
                problems.append(Problem(name, number, 1, "json", f"no JSON: {error}", "Write one object a line."))
    return nodes, problems


def _node(value: object, mark: Mark) -> Node:
    if isinstance(value, dict):
        return Table(mark, {str(k): _node(v, mark) for k, v in value.items()}, {str(k): mark for k in value})
    if isinstance(value, list):
        return Sequence(mark, [_node(each, mark) for each in value])
    assert value is None or isinstance(value, str | int | float)  # noqa: S101 - JSON has no other
    return Scalar(mark, value, str(value))

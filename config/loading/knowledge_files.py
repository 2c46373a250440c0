"""Checks that the files which sources name are there: by `check` alone, since a missing one stops no answers."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from config.document.problems import Problem
from config.document.tree import Node, Scalar, Sequence, Table
from config.document.yaml_source import parse
from config.files.sources import Folder
from config.settings.knowledge import FILE

_CONFIG = "config.yaml"
_KEYS = ("records", "files")


def missing_files(folder: Folder) -> list[Problem]:
    """Return a problem, with its place, for each path of a configuration folder's sources that leads to no file."""
    found: list[Problem] = []
    for path, data in sorted(folder.files.items()):
        if PurePosixPath(path).name in (FILE, _CONFIG):
            tree, _ = parse(data, folder.name(path))
            for key, scalar in _paths(tree, whole=path.endswith(FILE)):
                found += _check_path(folder.path / PurePosixPath(path).parent, key, scalar)
    return found


def _paths(tree: Node | None, *, whole: bool) -> Iterator[tuple[str, Scalar]]:
    """The paths in a file, with the key that each stands under; `whole`: all of the file is knowledge."""
    knowledge = tree if whole else tree.items.get("knowledge") if isinstance(tree, Table) else None
    sources = knowledge.items.get("sources") if isinstance(knowledge, Table) else None
    for source in sources.items.values() if isinstance(sources, Table) else ():
        for key in _KEYS:
            said = source.items.get(key) if isinstance(source, Table) else None
            for node in said.items if isinstance(said, Sequence) else (said,):
                if isinstance(node, Scalar) and isinstance(node.value, str) and not node.hidden:
                    yield key, node


def _check_path(place: Path, key: str, scalar: Scalar) -> Iterator[Problem]:
    path = str(scalar.value)
    try:
        inside = [each for each in place.glob(path) if each.resolve().is_relative_to(place.resolve())]
        there = any(each.is_file() for each in inside)
    except (ValueError, NotImplementedError, OSError):
        return  # no path: that is said where the file is read
    if not there:
        message = f"`{key}`: no file in {place} is called {path[:120]}"
        yield Problem(*scalar.mark, "missing-file", message, "Put the file there, or mend the path.")

"""All that a configuration is made of, read once: what is checked is what is published, byte for byte.

No reference is resolved here, so that nothing secret is in it: secrets stand in YAML as names, or encrypted; what looks
like one in a comment is blotted out as it is read.
"""

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from config.document.problems import Problem
from config.document.yaml_source import MAPPING as MAPPING_LIMITS
from config.document.yaml_source import MEGABYTE, SMALL
from config.secrets.plain_secrets import redact_comments

SHIPPED = Path(__file__).resolve().parents[1]
CATALOG = SHIPPED.parent / "crews" / "catalog"
MAPPING = "chatwoot_mapping.yaml"
DOMAINS = "domains"
CREWS_VARIABLE = "CHATWOOTAI_CREWS"
FROM_FILE = b"${file:"
STILL_SECONDS = 0.02
"""How long a file that has changed must stay as it is before it counts: its writer may be at it."""
RESTLESS_SECONDS = 1.0
"""After this it counts all the same; so long one may be empty or gone that held something, to be written anew."""

_DEPTH = 8
_SUFFIXES = (".yaml", ".yml")
_YOUNG_NS = 100_000_000  # a file this young may change again within one tick of its clock: it is read each time
_OF_MACHINES = {"__pycache__", "__MACOSX"}
EVALS = "evals"
"""Folder beside a `config.yaml` with sets of cases. No part of what is published: a case changes no answer."""
_APART = {*_OF_MACHINES, EVALS}
_AWAY = {errno.ENOENT, errno.ENOTDIR}


@dataclass(frozen=True, slots=True)
class Folder:
    """The YAML files below one folder. Paths are relative, with `/`; `path` is what problems call the folder.

    `files`: each file's bytes, one more than it may hold where it is longer. `folders`: every folder with the names in
    it. `troubles`: what stands there and cannot be read. `states`: what files that are not young look like.
    """

    path: Path
    files: Mapping[str, bytes] = field(default_factory=dict)
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    troubles: Mapping[str, Problem] = field(default_factory=dict)
    states: Mapping[str, tuple[int, int, int]] = field(default_factory=dict, compare=False)

    def name(self, path: str) -> str:
        """Return a path as problems name it."""
        return str(self.path / path) if path else str(self.path)

    def has_file(self, path: str) -> bool:
        """Tell whether a file stands at a path, readable or not."""
        return path in self.files or path in self.troubles

    def subfolders(self, path: str) -> list[str]:
        """The names of the folders in a folder, sorted; hidden ones are passed over."""
        return [name for name in sorted(self.folders.get(path, ())) if f"{path}/{name}".lstrip("/") in self.folders]

    def subfolder(self, path: str) -> "Folder":
        """The folder at a path, as one of its own."""
        head = f"{path}/"

        def cut(known: Mapping[str, Any]) -> dict[str, Any]:
            return {key[len(head) :]: value for key, value in known.items() if key.startswith(head)}

        folders = {**cut(self.folders), "": self.folders.get(path, ())}
        return Folder(self.path / path, cut(self.files), folders, cut(self.troubles))


@dataclass(frozen=True, slots=True)
class Sources:
    """A configuration folder, and the folder of crews where it is not the one that ships (then `crews` is None)."""

    folder: Folder
    crews: Folder | None = None
    own: bool = False
    """Whether the folder is the one that ships."""

    def digest(self) -> str:
        """SHA-256 (hex) over every path and byte."""
        total = hashlib.sha256()
        for kind, place in self.places():
            for name in sorted(place.files):
                total.update(f"{kind}/{name}\0{len(place.files[name])}\0".encode())
                total.update(place.files[name])
            total.update("\0".join(sorted(place.folders)).encode())
        return total.hexdigest()

    def names_files(self) -> bool:
        """Tell whether a value is a `${file:}`, which may change without any of these changing."""
        return any(FROM_FILE in data for data in self.folder.files.values())

    def places(self) -> Iterator[tuple[str, Folder]]:
        """Its folders by what they are."""
        yield "config", self.folder
        if self.crews is not None:
            yield "crews", self.crews


def gather(folder: Path, environ: Mapping[str, str], before: Sources | None = None) -> Sources:
    """Read a configuration folder and, where the environment names one, the folder of crews.

    A file that looks as it did when `before` was read is not read again.
    """
    named = environ.get(CREWS_VARIABLE)
    crews = None
    if named and not _same(Path(named), CATALOG):
        crews = walk(Path(named), before.crews if before else None)
    return Sources(_configuration(folder, before.folder if before else None), crews, _same(folder, SHIPPED))


def gather_still(folder: Path, environ: Mapping[str, str], before: Sources | None) -> Sources:
    """As `gather`, but a file that differs from `before` is read again until it has kept still for a moment."""
    found, began = gather(folder, environ, before), time.monotonic()
    while before is None or found != before:
        time.sleep(STILL_SECONDS)
        again = gather(folder, environ, found)
        still = again == found and not (before and _was_emptied(again, before))
        if still or time.monotonic() - began > RESTLESS_SECONDS:
            return again
        found = again
    return found


def _was_emptied(found: Sources, before: Sources) -> bool:
    """Tell whether a file that held something is empty or gone."""
    kept = {kind: place.files for kind, place in found.places()}
    return any(
        data and not kept.get(kind, {}).get(name)
        for kind, place in before.places()
        for name, data in place.files.items()
    )


@cache
def shipped() -> Folder:
    """The configuration that ships."""
    return _configuration(SHIPPED)


@cache
def catalog() -> Folder:
    """The crews that ship."""
    return walk(CATALOG)


def _configuration(folder: Path, before: Folder | None = None) -> Folder:
    """The mapping, and all that lies below `domains`."""
    found = _Walk(folder, before)
    names = found.names("")
    found.folders[""] = names
    if MAPPING in names:
        found.file(MAPPING, MAPPING_LIMITS.megabytes)
    if DOMAINS in names:
        found.descend(DOMAINS)
    return found.done()


def walk(folder: Path, before: Folder | None = None) -> Folder:
    """Every YAML file below a folder."""
    found = _Walk(folder, before)
    found.descend("")
    return found.done()


class _Walk:
    def __init__(self, root: Path, before: Folder | None) -> None:
        self.root = root
        self.before = before or Folder(root)
        self.files: dict[str, bytes] = {}
        self.folders: dict[str, tuple[str, ...]] = {}
        self.troubles: dict[str, Problem] = {}
        self.states: dict[str, tuple[int, int, int]] = {}

    def done(self) -> Folder:
        return Folder(self.root, self.files, self.folders, self.troubles, self.states)

    def names(self, path: str) -> tuple[str, ...]:
        try:
            return tuple(sorted(os.listdir(self.root / path)))  # noqa: PTH208 - names will do
        except OSError:
            return ()

    def descend(self, path: str, depth: int = 0) -> None:
        try:
            with os.scandir(self.root / path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if error.errno not in _AWAY:
                message = f"the folder cannot be read: {error.strerror}"
                self._trouble(path, message, "Make it readable to this process.")
            return
        found = [entry for entry in found if not entry.name.startswith(".") and entry.name not in _APART]
        self.folders[path] = tuple(entry.name for entry in found)
        for entry in found:
            below = f"{path}/{entry.name}" if path else entry.name
            if entry.name.endswith(_SUFFIXES):
                self.file(below, SMALL.megabytes)
            elif depth < _DEPTH and entry.is_dir() and not self._leads_back(below, entry):
                self.descend(below, depth + 1)

    def _leads_back(self, path: str, entry: "os.DirEntry[str]") -> bool:
        """Tell whether a link leads to a folder above it: everything would be read again below it."""
        if not entry.is_symlink():
            return False
        real, here = (self.root / path).resolve(), (self.root / path).parent.resolve()
        back = here.is_relative_to(real)
        if back:
            self._trouble(path, "this link leads to a folder above it", "Remove it.")
        return back

    def file(self, path: str, megabytes: int) -> None:
        """Read a file; a pipe or a device is never opened."""
        try:
            status = (self.root / path).stat()
            if not stat.S_ISREG(status.st_mode):
                self._trouble(path, "this is no regular file", "Put a YAML file here.")
                return
            state = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self.before.states.get(path) == state:
                self.files[path] = self.before.files[path]
            else:
                with (self.root / path).open("rb") as file:
                    self.files[path] = redact_comments(file.read(megabytes * MEGABYTE + 1))
            if abs(time.time_ns() - status.st_mtime_ns) > _YOUNG_NS:
                self.states[path] = state
        except OSError as error:
            if error.errno == errno.ENOENT and not (self.root / path).is_symlink():
                return  # it went away while we looked
            message = f"cannot be read: {error.strerror or type(error).__name__}"
            self._trouble(path, message, "Make it a readable file.")

    def _trouble(self, path: str, message: str, remedy: str) -> None:
        name = str(self.root / path) if path else str(self.root)
        self.troubles[path] = Problem(name, 1, 1, "unreadable", message, remedy)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve()
    except OSError:
        return False

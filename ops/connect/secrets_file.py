"""Writes secrets for `connect`: a file of `NAME='value'` lines that only its owner can read, or ciphertexts."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from config.files.whole_file import write_whole

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=")


class SecretsFile:
    """One file of secrets. Lines that are not set stay as they are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def values(self) -> dict[str, str]:
        """Return the names and values of the file."""
        found = {}
        for line in self._lines:
            if match := _LINE.match(line):
                found[match[1]] = _unquote(line[match.end() :])
        return found

    def set(self, values: Mapping[str, str]) -> list[str]:
        """Set values; the names of those that were not so before."""
        written = self.values()
        changed = [name for name, value in values.items() if written.get(name) != value]
        for name in changed:
            self._drop(name)
            self._lines.append(f"{name}={shlex.quote(values[name])}")
        return changed

    def remove(self, names: list[str]) -> list[str]:
        """Take values out; the names of those that were there."""
        found = [name for name in names if name in self.values()]
        for name in found:
            self._drop(name)
        return found

    def save(self) -> None:
        """Write it, readable by its owner alone; where it is a link, what it leads to."""
        path = self.path.resolve()
        if path.exists():
            path.chmod(0o600)
        write_whole(path, "".join(f"{line}\n" for line in self._lines).encode(), 0o600)

    def _drop(self, name: str) -> None:
        self._lines = [line for line in self._lines if (m := _LINE.match(line)) is None or m[1] != name]


def _unquote(text: str) -> str:
    """A value as a shell reads it; as it stands where a shell could not, as in a line written for Compose."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return text.strip()
    return words[0] if words else ""

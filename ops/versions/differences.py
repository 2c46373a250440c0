"""Compares two configurations, file by file."""

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.files.sources import Sources


def differences(one: "Sources", other: "Sources", names: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the lines of a unified diff by the path of each file that differs, sorted; `names`: of the two sides."""
    old, new = _texts(one), _texts(other)
    return {
        path: list(_lines(path, old, new, names))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    }


def _lines(path: str, old: Mapping[str, str], new: Mapping[str, str], names: tuple[str, ...]) -> list[str]:
    before, after = old.get(path, "").splitlines(), new.get(path, "").splitlines()
    return list(difflib.unified_diff(before, after, f"{names[0]}/{path}", f"{names[1]}/{path}", lineterm=""))


def _texts(sources: "Sources") -> dict[str, str]:
    places = {"": sources.folder, "crews/": sources.crews}
    return {
        head + name: data.decode("utf-8", "replace")
        for head, place in places.items()
        for name, data in (place.files.items() if place else ())
    }

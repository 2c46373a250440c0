"""Keeps what the last load made of each part, so that a reload does anew only what has changed."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class LoadCache:
    """Keeps results by key for as long as they come from the same parts. What a load does not ask for is forgotten."""

    def __init__(self) -> None:
        self._before: dict[object, tuple[tuple[object, ...], Any]] = {}
        self._now: dict[object, tuple[tuple[object, ...], Any]] = {}

    def begin(self) -> None:
        """Begin another load."""
        self._before = self._now or self._before  # a load that failed early asked for nothing
        self._now = {}

    def keep(self, key: object, parts: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result kept under `key` if it was made of the same parts (bytes by value, all else by identity)."""
        known = self._now.get(key) or self._before.get(key)
        if known is not None and _same(known[0], parts):
            self._now[key] = known
        else:
            self._now[key] = (parts, make())
        result: T = self._now[key][1]
        return result


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(
        a is b or (isinstance(a, bytes) and a == b) for a, b in zip(one, other, strict=True)
    )

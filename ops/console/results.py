"""Answers to questions that a form asked, in memory for ten minutes: a reload shows them, and asks nothing again."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chatwootai.bounded_cache import BoundedCache
from ops.console.access.identity import Identity

SECONDS: Final = 600.0
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class _Kept:
    of: tuple[Identity, str]
    until: float
    result: Mapping[str, Any]


class Results:
    """The newest 64 results of all who ask. They hold customers' words, so nothing of them leaves this process."""

    def __init__(self) -> None:
        self._kept: BoundedCache[str, _Kept] = BoundedCache(_MOST)

    def keep(self, who: Identity, account: str, result: Mapping[str, Any]) -> str:
        """Keep a result about an account for the person who asked, and return its id."""
        name = secrets.token_urlsafe(16)
        self._kept.put(name, _Kept((who, account), time.monotonic() + SECONDS, result))
        return name

    def read(self, who: Identity, account: str, name: str) -> Mapping[str, Any] | None:
        """Return a result; None where it is over, dropped for newer ones, or another's."""
        kept = self._kept.peek(name)
        if kept is None or kept.of != (who, account):
            return None
        if kept.until < time.monotonic():
            self._kept.pop(name)
            return None
        return kept.result

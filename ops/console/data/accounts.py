"""The accounts of the configuration, for their names and their Chatwoot; read again when the folder has changed."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.snapshot import Account
from ops.access import sound_accounts

_LOOK_SECONDS: Final = 10.0


class Accounts:
    """The accounts of a folder, as far as it is sound; none where there is no folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: Mapping[str, Account] = {}
        self._stamp: tuple[int, float] | None = None
        self._looked = float("-inf")
        self._lock = asyncio.Lock()

    async def all(self) -> Mapping[str, Account]:
        """Return the accounts by key; looks at the folder at most every ten seconds, beside the event loop."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return self._known
        async with self._lock:
            if time.monotonic() - self._looked >= _LOOK_SECONDS:
                await asyncio.to_thread(self._look)
                self._looked = time.monotonic()
        return self._known

    def name(self, key: str) -> str:
        """Return the company's name of an account; empty where it is not known."""
        found = self._known.get(key)
        return found.name if found else ""

    def _look(self) -> None:
        stamp = _stamp(self._folder)
        if stamp != self._stamp:
            self._known, self._stamp = sound_accounts(self._folder), stamp


def _stamp(folder: Path) -> tuple[int, float]:
    """Return how many files a folder has, and when the newest was written."""
    times = [file.stat().st_mtime for file in folder.rglob("*") if file.is_file()]
    return len(times), max(times, default=0.0)

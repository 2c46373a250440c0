"""The configuration's folder as the console reads it: its accounts, its problems; read again when it has changed."""

import asyncio
import gc
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.files.sources import gather
from config.inheritance.load_cache import LoadCache
from config.loading.loader import Inspection, inspect_sources
from config.snapshot import Account

_LOOK_SECONDS: Final = 10.0
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


class Accounts:
    """The accounts of a folder, as far as it is sound; none where there is no folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: Inspection | None = None
        self._cache = LoadCache()
        self._stamp: tuple[int, float] | None = None
        self._looked = float("-inf")
        self._lock = asyncio.Lock()

    async def all(self) -> Mapping[str, Account]:
        """Return the accounts by key; looks at the folder at most every ten seconds, beside the event loop."""
        await self._look_again()
        return self._found.snapshot.accounts if self._found else {}

    async def inspection(self) -> Inspection | None:
        """Return all that was read, with its problems; None before the folder was looked at."""
        await self._look_again()
        return self._found

    def name(self, key: str) -> str:
        """Return the company's name of an account; empty where it is not known."""
        found = self._found.snapshot.accounts.get(key) if self._found else None
        return found.name if found else ""

    async def _look_again(self) -> None:
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        async with self._lock:
            if time.monotonic() - self._looked >= _LOOK_SECONDS:
                await asyncio.to_thread(self._look)
                self._looked = time.monotonic()

    def origin(self, key: str) -> str:
        """Return the origin of an account's Chatwoot, as a browser names it; 'none' in quotes where it is not known."""
        found = self._found.snapshot.accounts.get(key) if self._found else None
        origin = _ORIGIN.match(found.installation.url) if found else None
        return origin[0].lower() if origin else "'none'"

    def _look(self) -> None:
        stamp = _stamp(self._folder)
        if stamp == self._stamp:
            return
        self._found = inspect_sources(gather(self._folder, os.environ), os.environ, self._cache)
        self._stamp = stamp
        gc.collect()
        gc.freeze()  # a thousand accounts are half a second to a full collection, for which every page would wait


def _stamp(folder: Path) -> tuple[int, float]:
    """Return how many files a folder has, and when the newest was written."""
    times = [file.stat().st_mtime for file in folder.rglob("*") if file.is_file()]
    return len(times), max(times, default=0.0)

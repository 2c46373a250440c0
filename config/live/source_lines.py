"""Finds file and line of the mapping's entry for an account, for people who have to mend it."""

import threading
from collections.abc import Mapping

from config.files.sources import Sources
from config.live.holder import Holder
from config.loading.effective import mapping_values
from config.loading.loader import inspect_sources


class SourceLines:
    """Looks up lines of the configuration in force. All are looked up at once, when the first is asked for."""

    def __init__(self, holder: Holder, environ: Mapping[str, str]) -> None:
        self._holder = holder
        self._environ = environ
        self._lock = threading.Lock()
        self._sources: Sources | None = None
        self._known: dict[tuple[str, str], str] = {}

    def of(self, account: str, path: str) -> str:
        """Return `file:line` of an account's key in the mapping; empty where it says nothing. May run in any thread."""
        with self._lock:
            if self._sources is not self._holder.sources:
                self._sources = self._holder.sources
                self._known = self._all(self._sources)
            return self._known.get((account, path), "")

    def _all(self, sources: Sources) -> dict[tuple[str, str], str]:
        found = inspect_sources(sources, self._environ)
        return {
            (key, value.path): f"{value.file}:{value.line}"
            for key in (found.entries.accounts if found.entries else ())  # also where their secrets are gone by now
            for value in mapping_values(found, key)
        }

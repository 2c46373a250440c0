"""The snapshot in force in one process, and the one step in which it is replaced."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from config.document.problems import ConfigurationError, Problem
from config.files.sources import Sources, gather, gather_still
from config.inheritance.load_cache import LoadCache
from config.loading.loader import Inspection, inspect_sources
from config.snapshot import Snapshot

Listener = Callable[[Snapshot], None]


class Holder:
    """Holds the last good snapshot. A broken edit changes nothing and stays in `problems` until it is mended.

    A turn takes `snapshot` once and keeps it: what is handed out is never changed, only replaced. `sources` is what
    the snapshot in force was made of, which is not the folder's where another process published something else.
    `whole`: that snapshot with the accounts that are not served here. `edited`: the folder has brought something that
    nobody was told of yet. Its methods may run in any thread.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        sources: Sources | None = None,
        *,
        refused: tuple[Problem, ...] = (),
        narrow: Callable[[Snapshot], Snapshot] = lambda whole: whole,
        object_to: Callable[[Snapshot, Snapshot], tuple[Problem, ...]] = lambda *_: (),
    ) -> None:
        """Load the folder, or `sources` where there is none, or where the folder has problems (`refused`).

        `narrow`: the part of a snapshot that this process serves; it keeps the digest. `object_to`: what keeps an edit
        out of force, given what is in force and what would be.

        Raises:
            ConfigurationError: what was to be loaded is broken.
        """
        self.folder = folder
        self.problems: tuple[Problem, ...] = refused
        self.edited = False
        self._lock = threading.RLock()
        self._environ = environ
        self._narrow = narrow
        self._cache = LoadCache()
        self._listeners: list[Listener] = []
        self.seen = gather(folder, environ) if sources is None or refused else sources
        self.sources = sources or self.seen
        found = self._inspect(self.sources)
        if found.problems:
            raise ConfigurationError(found.problems)
        self._snapshot = narrow(found.snapshot)
        self.whole = found.snapshot
        self._object_to = object_to

    @property
    def accounts(self) -> int:
        """Number of accounts of the configuration in force, served here or not."""
        return len(self.whole.accounts)

    @property
    def snapshot(self) -> Snapshot:
        """The configuration in force."""
        return self._snapshot

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every snapshot that comes into force from now on."""
        self._listeners.append(listener)

    def reload(self) -> bool:
        """Read the folder anew; True if another snapshot is in force now. What is broken is only reported.

        An unchanged folder is not looked into, but secrets that stand in files of their own are read again.
        """
        seen = gather_still(self.folder, self._environ, self.seen)
        with self._lock:
            if seen == self.seen:
                return self.sources.names_files() and self._read_secrets_again()
            self.seen = seen
            swapped = self._inspect_and_replace(seen, self._object_to)
            self.edited = self.edited or not self.problems
            return swapped

    def adopt(self, sources: Sources) -> bool:
        """Put what another process published in force, unless the folder has brought something newer meanwhile."""
        with self._lock:
            return not self.edited and self._inspect_and_replace(sources)

    def hold_back(self, problems: tuple[Problem, ...], sources: Sources) -> bool:
        """Put what was in force in force again, in place of a folder that has these problems."""
        with self._lock:
            self.edited = False
            swapped = self._inspect_and_replace(sources)
            self.problems = self.problems or problems
            return swapped

    def _inspect_and_replace(
        self, sources: Sources, object_to: Callable[[Snapshot, Snapshot], tuple[Problem, ...]] = lambda *_: ()
    ) -> bool:
        found = self._inspect(sources)
        if problems := found.problems or object_to(self.whole, found.snapshot):
            self.problems = tuple(problems)
            return False
        self.sources = sources
        return self.replace(found.snapshot)

    def _read_secrets_again(self) -> bool:
        """Put the configuration in force with its secrets' files as they are now; a refused edit stays refused."""
        refused = self.problems if self.seen is not self.sources else ()
        swapped = self._inspect_and_replace(self.sources)
        self.problems = self.problems or refused
        return swapped

    def inspect(self, sources: Sources) -> Inspection:
        """Return what this process would make of another configuration; none of it comes into force."""
        with self._lock:
            return self._inspect(sources)

    def narrowed(self, snapshot: Snapshot) -> Snapshot:
        """Return the part of a snapshot that this process serves."""
        return self._narrow(snapshot)

    def _inspect(self, sources: Sources) -> Inspection:
        return inspect_sources(sources, self._environ, self._cache)

    def replace(self, snapshot: Snapshot) -> bool:
        """Put a snapshot in force; False where it means the same as the one that is."""
        self.problems = ()
        if snapshot.digest == self._snapshot.digest:
            return False
        self._snapshot, self.whole = self._narrow(snapshot), snapshot
        for listener in self._listeners:
            listener(self._snapshot)
        return True

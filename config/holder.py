"""The snapshot in force in one process, and the one step in which it is replaced."""

from collections.abc import Callable, Mapping
from pathlib import Path

from config.loader import load
from config.problems import ConfigurationError, Problem
from config.snapshot import Snapshot

Listener = Callable[[Snapshot], None]


class Holder:
    """Holds the last good snapshot. A broken edit changes nothing and stays in `problems` until it is mended.

    A turn takes `snapshot` once and keeps it: what is handed out is never changed, only replaced.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Load, or raise ConfigurationError: a process with a broken configuration does not start."""
        self.folder = folder
        self.problems: tuple[Problem, ...] = ()
        self._environ = environ
        self._listeners: list[Listener] = []
        self._snapshot = load(folder, environ)

    @property
    def snapshot(self) -> Snapshot:
        """The configuration in force."""
        return self._snapshot

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every snapshot that comes into force from now on."""
        self._listeners.append(listener)

    def reload(self) -> bool:
        """Read the folder anew; True if another snapshot is in force now. What is broken is only reported."""
        try:
            return self.replace(load(self.folder, self._environ))
        except ConfigurationError as error:
            self.problems = error.problems
            return False

    def replace(self, snapshot: Snapshot) -> bool:
        """Put a snapshot in force; False where it means the same as the one that is."""
        self.problems = ()
        if snapshot.digest == self._snapshot.digest:
            return False
        self._snapshot = snapshot
        for listener in self._listeners:
            listener(snapshot)
        return True

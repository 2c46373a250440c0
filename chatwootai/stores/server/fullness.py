"""Says in the log once that Redis is full (OOM: it refuses what would grow it), and once that it has room again.

A full Redis is not away: it answers, and what shrinks it runs. Of the refused commands every one is reported here; that
there is room is known of a write that a full Redis refuses (examination.py's probe), and not of any answer.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from chatwootai.telemetry.metrics import REDIS_FULL

CODE: Final = "OOM"
_QUIET_SECONDS: Final = 5.0
"""At the very bound one write is refused and the next is taken: it has room when none was refused for so long."""
_REMEDY: Final = "raise maxmemory, or remove what others keep there; docs/reference/redis.md says what waits meanwhile"

_log = structlog.get_logger("chatwootai.stores.server.fullness")
_NOTHING: Final[Callable[[], Mapping[str, Any]]] = dict


class Fullness:
    """The state of a full Redis, as this process sees it. `clock` in seconds; `shard`: its name."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, shard: str = "") -> None:
        self.full = False
        self.details = _NOTHING
        """What else the line says that tells of room."""
        self._clock = clock
        self._named = {"shard": shard} if shard else {}
        self._gauge = REDIS_FULL.labels(shard)
        self._began = self._refused = 0.0

    def note_refusal(self, error: str) -> None:
        """Note that a command was refused for want of memory."""
        self._refused = self._clock()
        if self.full:
            return
        self.full, self._began = True, self._refused
        self._gauge.set(1)
        _log.warning("redis_full", error=error, remedy=_REMEDY, **self._named)

    def note_room(self) -> None:
        """Note that a write was taken which a full Redis refuses."""
        if not self.full or self._clock() - self._refused < _QUIET_SECONDS:
            return
        self.full = False
        self._gauge.set(0)
        seconds = round(self._refused - self._began, 1)
        _log.info("redis_has_room", seconds=seconds, **self._named, **self.details())

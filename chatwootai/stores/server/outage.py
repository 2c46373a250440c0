"""Says in the log once that Redis is away, once a minute that it still is, and once that it is back, after how long.

Every call to a Redis reports to its outage how it went, whoever made it and over whichever connection.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from chatwootai.telemetry.metrics import REDIS_UP

AGAIN_SECONDS: Final = 60.0
"""How often it is said that it is still away; a new outage within so long of the last line must last a little."""
_LASTS: Final = 2.0
QUIET_SECONDS: Final = 1.0
"""Only when nothing has failed for so long is it back: one command may be refused while another is answered."""

_log = structlog.get_logger("chatwootai.stores.server.outage")
_NOTHING: Final[Callable[[], Mapping[str, Any]]] = dict


class Outage:
    """The state of an outage of one Redis, as this process sees it. `clock` in seconds; `shard`: its name."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, shard: str = "") -> None:
        self.details = _NOTHING
        """What else the line says that it is back with."""
        self.error = ""
        """Why it is away; empty while it is not."""
        self._clock = clock
        self._named = {"shard": shard} if shard else {}
        self._up = REDIS_UP.labels(shard)
        self._began = self._answered = 0.0
        self._said: float | None = None  # when a line about an outage was last written
        self._told = False  # whether a line was written about this one
        self._known = False
        self._quiet: asyncio.TimerHandle | None = None

    @property
    def away(self) -> bool:
        """Tell whether Redis is away."""
        return bool(self.error)

    def note_failure(self, error: str) -> None:
        """Note that a call failed, for the reason `error`."""
        now = self._clock()
        self._stop_waiting()
        if not self.error:
            self._began, self._told = now, False
            self._up.set(0)
        self.error, self._known = error, True
        recent = self._said is not None and now - self._said < AGAIN_SECONDS
        if (self._told and recent) or (not self._told and recent and now - self._began < _LASTS):
            return
        more = {"seconds": round(now - self._began, 1)} if self._told else {}
        self._said, self._told = now, True
        _log.warning("redis_away", error=error, **self._named, **more)

    def note_answer(self) -> None:
        """Note that a call was answered. Redis is back if nothing fails for a moment from now."""
        if not self.error:
            if not self._known:
                self._known = True
                self._up.set(1)
            return
        now = self._clock()
        if self._quiet is None:
            self._answered = now
            self._quiet = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._back)
        elif now - self._answered >= QUIET_SECONDS:  # a loop that has ended calls nobody
            self._stop_waiting()
            self._back()

    def _back(self) -> None:
        self._quiet = None
        self.error = ""
        self._up.set(1)
        if self._told:
            self._said = self._clock()
            seconds = round(self._answered - self._began, 1)
            _log.info("redis_back", seconds=seconds, **self._named, **self.details())

    def _stop_waiting(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None

"""What a call can do without: asked for a moment, given up where Redis is away, and then let be for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chatwootai.stores.connection import StoreMisused, StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN

T = TypeVar("T")
_log = log.get("failing_open")

_LONGEST = 0.25  # seconds
_REST = 1.0  # seconds without asking again, so that a frozen Redis costs a call in a while and not every call


class FailingOpen:
    """`what` is how the metric `chatwootai_failed_open` calls it; `longest` and `rest` in seconds.

    What guards a limit is waited for longer than what only saves time: a loop that stands still for a moment must not
    look like a Redis that is away.
    """

    def __init__(self, what: str, *, longest: float = _LONGEST, rest: float = _REST) -> None:
        self._counter = FAILED_OPEN.labels(what)
        self._longest, self._rest = longest, rest
        self._rests_until = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """The answer, or None where there is none to be had; each None is counted."""
        if time.monotonic() >= self._rests_until:
            try:
                async with asyncio.timeout(self._longest):
                    return await question()
            except (StoreUnavailable, TimeoutError):
                self._rests_until = time.monotonic() + self._rest
            except StoreMisused as error:  # said by who found it; a call does without all the same
                _log.debug("failed_open", error=str(error))
        self._counter.inc()
        return None

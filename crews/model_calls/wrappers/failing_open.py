"""Calls to Redis that a model call can do without: bounded, given up where it is away, then let be for a while."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from chatwootai.stores.server.connection import StoreMisused, StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN

T = TypeVar("T")
_log = log.get("failing_open")

_LONGEST = 0.25  # seconds
_REST = 1.0  # seconds without asking again, so that a frozen Redis costs a call in a while and not every call
_PARTS = 5


class FailingOpen:
    """`what` is how the metric `chatwootai_failed_open` calls it; `longest` and `rest` in seconds.

    What guards a limit is waited for longer than what only saves time. Seconds in which the loop stood still do not
    count: the answer may have come meanwhile, and a Redis that is there must not look like one that is away.
    """

    def __init__(self, what: str, *, longest: float = _LONGEST, rest: float = _REST) -> None:
        self._counter = FAILED_OPEN.labels(what)
        self._longest, self._rest = longest, rest
        self._rests_until = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """Return the answer, or None where there is none to be had; each None is counted."""
        if time.monotonic() >= self._rests_until:
            try:
                async with _listening(self._longest):
                    return await question()
            except (StoreUnavailable, TimeoutError):
                self._rests_until = time.monotonic() + self._rest
            except StoreMisused as error:  # said by who found it; a call does without all the same
                _log.debug("failed_open", error=str(error))
        self._counter.inc()
        return None


@asynccontextmanager
async def _listening(seconds: float) -> AsyncIterator[None]:
    """Bound what is inside to so many seconds in which the loop ran.

    The time is waited in parts, one after the other. However long the loop stands still, that ends one part at most,
    and in the next one it reads what lies in its sockets.

    Raises:
        TimeoutError: they are over.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle
    async with asyncio.timeout(None) as bound:

        def passed(left: int) -> None:
            nonlocal timer
            if left:
                timer = loop.call_later(seconds / _PARTS, passed, left - 1)
            else:
                bound.reschedule(loop.time())

        timer = loop.call_later(seconds / _PARTS, passed, _PARTS - 1)
        try:
            yield
        finally:
            timer.cancel()

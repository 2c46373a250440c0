"""Back-pressure, made visible: metrics say what waits, /readyz says whose mailboxes are full (how many, not who)."""

import asyncio
import math
from dataclasses import asdict
from typing import Final

from chatwootai.stores.operators.overview import Overview, overview
from chatwootai.stores.operators.pressure import Pressure, pressure
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import metrics
from chatwootai.telemetry.http import Check, Status

_EVERY: Final = 5.0
_SECONDS: Final = 0.5
"""For an answer to /readyz."""


class BackpressureMonitor:
    """Reads how much waits, against the most that may for one tenant."""

    def __init__(self, connection: Connection, most: int) -> None:
        self._connection = connection
        self._most = most

    async def watch(self) -> None:
        """Keep the metrics up to date, for ever."""
        while True:
            try:
                await self.read()
                _tell(await overview(self._connection))
            except StoreUnavailable:  # /readyz, the log and the journal's metrics tell of that
                _forget()
            await asyncio.sleep(_EVERY)

    async def read(self) -> Pressure:
        """Look, and tell the metrics.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found = await pressure(self._connection, self._most)
        metrics.MESSAGES_WAITING.set(found.messages)
        metrics.TENANTS_FULL.set(found.full)
        metrics.READY_JOBS.set(found.ready)
        return found

    async def check(self) -> Check:
        """Return DEGRADED if a mailbox is full: other accounts are still served, so the door stays in service."""
        try:
            async with asyncio.timeout(_SECONDS):
                found = await self.read()
        except StoreUnavailable as error:
            return Check(Status.DEGRADED, {"error": error.code})
        except TimeoutError:
            return Check(Status.DEGRADED, {"error": f"no answer within {_SECONDS:g} s"})
        return Check(Status.DEGRADED if found.full else Status.OK, asdict(found))


def _tell(found: Overview) -> None:
    metrics.OLDEST_WAITING.labels("high").set(found.oldest_high)
    metrics.OLDEST_WAITING.labels("normal").set(found.oldest_normal)
    metrics.DEAD_LETTERS_NOW.set(found.dead_letters)
    metrics.WORKERS_LISTENING.set(found.workers)
    metrics.TOKENS_REFUSED.set(found.tokens_refused)
    metrics.DEPENDENCY_SUCCESS.labels("redis").set_to_current_time()


def _forget() -> None:
    """Have no number stand where nobody knows it: a stale one would lie for as long as Redis is away."""
    for each in _OF_ALL:
        each.set(math.nan)


_OF_ALL: Final = (
    metrics.MESSAGES_WAITING,
    metrics.TENANTS_FULL,
    metrics.READY_JOBS,
    metrics.DEAD_LETTERS_NOW,
    metrics.WORKERS_LISTENING,
    metrics.TOKENS_REFUSED,
    *(metrics.OLDEST_WAITING.labels(lane) for lane in ("high", "normal")),
)

"""Back-pressure, made visible: metrics say what waits, /readyz says whose mailboxes are full (how many, not who)."""

import asyncio
import math
from dataclasses import asdict
from typing import Final

from chatwootai.stores.operators.overview import Overview, overview
from chatwootai.stores.operators.pressure import Pressure, pressure
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.state import state_of
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
        self._gauges = _Gauges(state_of(connection).shard)

    async def watch(self) -> None:
        """Keep the metrics up to date, for ever."""
        while True:
            try:
                await self.read()
                self._gauges.tell(await overview(self._connection))
            except StoreUnavailable:  # /readyz, the log and the journal's metrics tell of that
                self._gauges.forget()
            await asyncio.sleep(_EVERY)

    async def read(self) -> Pressure:
        """Look, and tell the metrics.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found = await pressure(self._connection, self._most)
        self._gauges.tell_pressure(found)
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


class _Gauges:
    """The gauges of one shard."""

    def __init__(self, shard: str) -> None:
        self._messages = metrics.MESSAGES_WAITING.labels(shard)
        self._full = metrics.TENANTS_FULL.labels(shard)
        self._ready = metrics.READY_JOBS.labels(shard)
        self._oldest_high = metrics.OLDEST_WAITING.labels("high", shard)
        self._oldest_normal = metrics.OLDEST_WAITING.labels("normal", shard)
        self._dead_letters = metrics.DEAD_LETTERS_NOW.labels(shard)
        self._workers = metrics.WORKERS_LISTENING.labels(shard)
        self._tokens_refused = metrics.TOKENS_REFUSED.labels(shard)

    def tell_pressure(self, found: Pressure) -> None:
        """Set what is known of mailboxes."""
        self._messages.set(found.messages)
        self._full.set(found.full)
        self._ready.set(found.ready)

    def tell(self, found: Overview) -> None:
        """Set what is known of the whole queue; and that Redis answered."""
        self._oldest_high.set(found.oldest_high)
        self._oldest_normal.set(found.oldest_normal)
        self._dead_letters.set(found.dead_letters)
        self._workers.set(found.workers)
        self._tokens_refused.set(found.tokens_refused)
        metrics.DEPENDENCY_SUCCESS.labels("redis").set_to_current_time()

    def forget(self) -> None:
        """Have no number stand where nobody knows it: a stale one would lie for as long as Redis is away."""
        for each in vars(self).values():
            each.set(math.nan)

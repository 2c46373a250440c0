"""Looks at what a canary comes to, one worker at a time, and ends it where its time is up or a rule is broken."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from chatwootai.model.canary.rules import broken_rule
from chatwootai.model.canary.terms import CanaryTerms, Side
from chatwootai.stores.figures.day_counts import read_counts
from chatwootai.stores.figures.measures import measures
from chatwootai.stores.installation.canaries import Canaries, Result
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from config.live.canary import CanaryInForce, end_canary

_LOOK_SECONDS: Final = 2.0


class CanaryWatch:
    """One worker's part in it. `name`: the process, for the audit; `now` returns the canary that it serves."""

    def __init__(self, connection: Connection, name: str, now: Callable[[], CanaryInForce | None]) -> None:
        self._connection = connection
        self._canaries = Canaries(connection)
        self._name = name
        self._now = now

    async def run(self) -> NoReturn:
        """Look every two seconds, for ever; without a canary nothing is asked of Redis."""
        while True:
            with suppress(StoreUnavailable):
                if (canary := self._now()) is not None and await self._canaries.due():
                    await self.look(canary.terms)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self, terms: CanaryTerms) -> None:
        """End the canary if that is due.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if time.time() >= terms.until:
            await end_canary(self._connection, terms.version, Result.EXPIRED, by=self._name, why="its time was up")
            return
        counts = await self._canaries.counts(terms.version)
        canary, base = (measures(read_counts(counts[side])) for side in (Side.CANARY, Side.BASE))
        if (broken := broken_rule(terms.rules, canary, base)) is not None:
            why = f"{broken[0]} ({broken[1]})"
            await end_canary(self._connection, terms.version, Result.BACK, by=self._name, why=why)

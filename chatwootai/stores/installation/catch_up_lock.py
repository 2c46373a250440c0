"""The lock of catching up with Chatwoot, held by one worker at a time, and when it was last done for each account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, StoreUnavailable, batch
from chatwootai.stores.server.scripts import Runner
from chatwootai.telemetry.tasks import ended, owned


class CatchUpLock:
    """The right to make the rounds, as `who` sees it."""

    def __init__(self, connection: Connection, who: str) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)
        self._who = who

    async def take(self) -> bool:
        """Take the right, or keep it, for a minute; False: another has it.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return bool(await self._runner.run("take_lock", key=keys.CATCHUP, who=self._who, keep_ms=lifetimes.CATCHUP_MS))

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Keep the right that `take` gave, for as long as this lasts; whoever dies with it loses it in a minute."""
        keeper = owned(asyncio.create_task(self._keep()), "catch-up")
        try:
            yield
        finally:
            await ended(keeper)
            with suppress(StoreUnavailable):  # then the right ends by itself
                await self._runner.run("release_lock", key=keys.CATCHUP, who=self._who)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(lifetimes.CATCHUP_MS / 3000)
            with suppress(StoreUnavailable):
                await self.take()

    async def now(self) -> float:
        """Redis' clock, unix seconds: the same for all who make rounds.

        Raises:
            StoreUnavailable: Redis is away.
        """
        ((seconds, micros),) = await batch(self._connection, ("TIME",))
        return int(seconds) + int(micros) / 1e6

    async def last_begun(self, account: str) -> float | None:
        """Return when a worker last began to catch up with an account, by Redis' clock; None: not in the last day.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (moment,) = await batch(self._connection, ("GET", keys.caught(account)))
        return float(moment) if moment else None

    async def note_begun(self, account: str, began: float) -> None:
        """Say that an account was caught up with, from `began` on.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await batch(self._connection, ("SET", keys.caught(account), began, "PX", lifetimes.CAUGHT_MS))

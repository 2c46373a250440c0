"""Who catches up with Chatwoot: one at a time across all workers, and with one account not twice in a few minutes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from chatwootai.stores import keys
from chatwootai.stores.connection import Connection, StoreUnavailable
from chatwootai.stores.scripts import Runner
from chatwootai.stores.together import together

_HELD_MS: Final = keys.CATCHUP_MS

_log = structlog.get_logger(__name__)


class Rounds:
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
        return bool(await self._runner.run("hold_on", keys.CATCHUP, self._who, _HELD_MS))

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Keep the right that `take` gave, for as long as this lasts; whoever dies with it loses it in a minute."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            try:
                await self._runner.run("let_go", keys.CATCHUP, self._who)
            except StoreUnavailable as error:
                _log.warning("redis_away", error=str(error))

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_HELD_MS / 3000)
            try:
                await self.take()
            except StoreUnavailable as error:
                _log.warning("redis_away", error=str(error))

    async def made(self, account: str) -> bool:
        """Whether an account was caught up with in the last minutes.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (there,) = await together(self._connection, ("EXISTS", keys.caught(account)))
        return bool(there)

    async def make(self, account: str) -> None:
        """Say that an account was caught up with just now.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await together(self._connection, ("SET", keys.caught(account), b"1", "PX", keys.CAUGHT_MS))

"""The sweep: conversations with something to do whose job is gone get another."""

import asyncio
from contextlib import suppress

import structlog

from chatwootai.stores.keys import OPEN, TIMERS
from chatwootai.stores.server.connection import Connection, StoreUnavailable, batch
from chatwootai.stores.server.scripts import Runner

_SETTLED_MS = 2_000
_MOST = 500
_AT_ONCE = 50
"""A script holds everybody up while it runs: ten times half a millisecond is nobody's wait, five at once are."""


_log = structlog.get_logger(__name__)


class Sweeper:
    """One sweeper at a time, whichever worker comes first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def run(self, *, every: float) -> None:
        """Sweep for ever, every so many seconds; what is mended is said in the log."""
        while True:
            with suppress(StoreUnavailable):
                for conv in await self.sweep(every=every):
                    _log.warning("conversation_mended", conv=conv)
            await asyncio.sleep(every)

    async def sweep(self, *, every: float) -> list[str]:
        """Mend what is broken, unless another swept within `every` seconds. Returns the conversations mended.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found = await self._runner.run("repair", settled_ms=_SETTLED_MS, most=_AT_ONCE, every_ms=int(every * 1000))
        if found is None:
            return []
        conversations, timers = await batch(self._connection, ("ZCARD", OPEN), ("ZCARD", TIMERS))
        mended = list(found)
        for _ in range(0, min(_MOST, max(conversations, timers)), _AT_ONCE):
            mended += await self._runner.run("repair", settled_ms=_SETTLED_MS, most=_AT_ONCE, every_ms=0)
        return [conv.decode() for conv in mended]

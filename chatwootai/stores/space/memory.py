"""Room in a Redis that fills up: what is only kept for convenience goes before a message is refused.

Where nearly all memory is used, the exact cache and the kept embeddings are emptied, and scripts keep neither the life
of a conversation nor what was answered (`cw:full` tells them); what is kept of both already goes too (shedding.py).
Scripts that empty mailboxes run in a full Redis; so workers bring it down.
"""

import math
from typing import Any, Final

from redis.exceptions import RedisError

from chatwootai.stores import lifetimes
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.models.vectors import VectorStore
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.examination import probe
from chatwootai.stores.server.scripts import Runner
from chatwootai.stores.server.state import state_of
from chatwootai.stores.space.shedding import Shedding
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import REDIS_MEMORY

EVERY_SECONDS: Final = 2.0
NEARLY: Final = 0.95
_ENOUGH: Final = 0.9
_log = log.get("memory")


class MemoryWatch:
    """Watches the memory of one Redis."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)
        self._state = state_of(connection)
        self._memory = REDIS_MEMORY.labels(self._state.shard)
        self._cache = CompletionStore(connection)
        self._shedding = Shedding(connection)
        self._vectors = VectorStore(connection)
        self._full = False

    async def look(self) -> bool:
        """See how full it is; make room where it nearly is, and return whether that is so.

        Raises:
            StoreUnavailable: Redis is away.
        """
        share = await self._share()
        self._memory.set(math.nan if share is None else share)
        full = self._state.fullness.full if share is None else share >= NEARLY
        if full:
            await self._make_room(share)
        self._full = full
        if self._state.fullness.full:
            await self._takes()
        return full

    async def _make_room(self, share: float | None) -> None:
        await self._runner.run("crowded", lifetimes.FULL_MS)
        cached, vectors = await self._cache.purge(), await self._vectors.purge()
        refuses = self._state.fullness.full or (share or 0.0) >= 1
        gone = await self._shedding.shed(self._enough, contexts=refuses)
        if not self._full:
            used = None if share is None else round(share, 3)
            dropped = {"cached_answers_dropped": cached, "embeddings": vectors, "keys_dropped": gone}
            _log.warning("redis_nearly_full", used=used, **dropped)

    async def _enough(self) -> bool:
        share = await self._share()
        return await self._takes() if share is None else share < _ENOUGH

    async def _takes(self) -> bool:
        try:
            await probe(self._connection)
        except StoreUnavailable:
            return False
        return True

    async def _share(self) -> float | None:
        """Return the share of usable memory in use, 0 where it has no bound; None: Redis does not tell, or is away."""
        try:
            said: dict[str, Any] = await self._connection.info("memory")
        except (RedisError, OSError):  # of an outage others tell
            return None
        most = int(said.get("maxmemory") or 0)
        return int(said.get("used_memory") or 0) / most if most else 0.0

"""Room in a Redis that fills up: what is only kept for convenience goes before a message is refused.

Where nearly all memory is used, the exact cache and the kept embeddings are emptied, and scripts keep neither the life
of a conversation nor what was answered (`cw:full` tells them). Scripts that empty mailboxes run in a full Redis; so
workers bring it down.
"""

from typing import Any, Final

from redis.exceptions import RedisError

from chatwootai.stores.completions import CompletionStore
from chatwootai.stores.connection import Connection
from chatwootai.stores.outage import OUTAGE
from chatwootai.stores.scripts import Runner
from chatwootai.stores.vectors import VectorStore
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import REDIS_MEMORY

EVERY_SECONDS: Final = 2.0
NEARLY: Final = 0.95
_HELD_MS: Final = 15_000
_log = log.get("memory")


class Memory:
    """Watches the memory of one Redis."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)
        self._cache = CompletionStore(connection)
        self._vectors = VectorStore(connection)
        self._full = False

    async def look(self) -> bool:
        """See how full it is; make room where it nearly is, and return whether that is so.

        Raises:
            StoreUnavailable: Redis is away.
        """
        share = await self._share()
        REDIS_MEMORY.set(share)
        full = share >= NEARLY
        if full:
            await self._runner.run("crowded", _HELD_MS)
            gone = await self._cache.purge()
            vectors = await self._vectors.purge()
            if not self._full:
                _log.warning("redis_nearly_full", used=round(share, 3), cached_answers_dropped=gone, embeddings=vectors)
        self._full = full
        return full

    async def _share(self) -> float:
        """Of the memory that it may use; a service that does not tell is full once it says so."""
        try:
            said: dict[str, Any] = await self._connection.info("memory")
        except (RedisError, OSError):  # not allowed, or away: of that others tell
            return 1.0 if OUTAGE.error.startswith("OOM") else 0.0
        most = int(said.get("maxmemory") or 0)
        return int(said.get("used_memory") or 0) / most if most else 0.0

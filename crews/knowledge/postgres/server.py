"""Connections to a PostgreSQL with pgvector: few, opened when first needed, and let be for a while after a failure."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from config.secrets.secret import Secret
from crews.knowledge.search.engine import IndexUnavailable

SEARCH_SECONDS: Final = 0.8
"""Time limit of one statement of a search; a turn waits a second for all of them."""
_CONNECTIONS: Final = 4
_CONNECT_SECONDS: Final = 5.0
_REST_SECONDS: Final = 5.0
"""After a failure, how long turns do without and do not wait."""
_LONG_SECONDS: Final = 0.5
"""A search that was given up after so long tells that the server is slow."""
_CLOSE_SECONDS: Final = 2.0
_NEAR: Final = 256
"""Candidates that a graph's scan keeps; as many are asked for."""
_SETTINGS: Final = f"""
SET application_name = 'chatwootai'; SET hnsw.ef_search = {_NEAR}; SET hnsw.iterative_scan = relaxed_order
"""
_LEAST_VERSION: Final = (0, 8)


class Server:
    """One PostgreSQL. Its address is a secret: no message holds it."""

    def __init__(self, url: Secret, *, rest: float = _REST_SECONDS) -> None:
        self._url = url
        self._rest = rest
        self._rests_until = 0.0
        self._pool: Any = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def searching(self) -> AsyncIterator[Any]:
        """Lend a connection for a turn's search: none is waited for where the server has just failed.

        Raises:
            IndexUnavailable: it does not answer, or refuses.
        """
        if time.monotonic() < self._rests_until:
            raise IndexUnavailable("PostgreSQL failed a moment ago")
        began = time.monotonic()
        try:
            async with self.connection(SEARCH_SECONDS) as connection:
                yield connection
        except IndexUnavailable:
            self._rests_until = time.monotonic() + self._rest
            raise
        except asyncio.CancelledError:  # a turn that was overtaken tells nothing; one that waited for long does
            if time.monotonic() - began > _LONG_SECONDS:
                self._rests_until = time.monotonic() + self._rest
            raise

    @asynccontextmanager
    async def connection(self, seconds: float = _CONNECT_SECONDS) -> AsyncIterator[Any]:
        """Lend a connection, waiting at most so many seconds for it.

        Raises:
            IndexUnavailable: it does not answer, or refuses, or has no pgvector 0.8.
        """
        import asyncpg

        try:
            async with (await self._opened()).acquire(timeout=seconds) as connection:
                yield connection
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
            raise IndexUnavailable(f"PostgreSQL: {_words_of(error)}") from None

    async def _opened(self) -> Any:
        try:
            import asyncpg
        except ImportError:
            raise IndexUnavailable("asyncpg is missing: install chatwootai[postgres]") from None
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url.reveal(), min_size=0, max_size=_CONNECTIONS, timeout=_CONNECT_SECONDS,
                    init=_prepare, reset=_keep_settings,
                )  # fmt: skip
        return self._pool

    async def aclose(self) -> None:
        """Close what is open."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await pool.close()
            except (TimeoutError, OSError):
                pool.terminate()


class Servers:
    """The servers that this process knows, one for each address."""

    def __init__(self) -> None:
        self._known: dict[Secret, Server] = {}

    def at(self, url: Secret) -> Server:
        """Return the server at an address."""
        return self._known.setdefault(url, Server(url))

    async def aclose(self) -> None:
        """Close all connections."""
        for each in self._known.values():
            await each.aclose()
        self._known.clear()


async def _prepare(connection: Any) -> None:
    """Check a new connection's server, and make the connection ready for searches."""
    await _check(connection)
    await connection.execute(_SETTINGS)


async def _keep_settings(connection: Any) -> None:
    """Do nothing to a connection that is given back: a pool would take its settings, at a round trip each search."""


async def _check(connection: Any) -> None:
    """See that pgvector is there and new enough."""
    import asyncpg

    found = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if found is None:
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except asyncpg.PostgresConnectionError:  # it went away: that says nothing of the extension
            raise
        except asyncpg.PostgresError as error:
            raise ValueError("has no extension `vector`: let an administrator run CREATE EXTENSION vector") from error
        found = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if tuple(int(part) for part in found.split(".")[:2]) < _LEAST_VERSION:
        raise ValueError(f"has pgvector {found}, and 0.8 is needed: ALTER EXTENSION vector UPDATE")


def _words_of(error: BaseException) -> str:
    said = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__

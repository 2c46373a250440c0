"""Storage of versions' indexes: whole in Redis, or in PostgreSQL where they are large, with a pointer to them in Redis.

Which version is in force, which are kept and what is known of them stands in Redis in either case: a switch and a
rollback are the same, and a version that Redis does not keep is dropped from PostgreSQL with the next ingest.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import Connection
from config.settings.knowledge import Knowledge as KnowledgeSettings
from crews.knowledge.index.index import Index
from crews.knowledge.index.serialization import InvalidIndex, pack, unpack
from crews.knowledge.passage import CUSTOMERS, TEAM, Audience
from crews.knowledge.postgres import versions
from crews.knowledge.postgres.search import PostgresIndex
from crews.knowledge.postgres.server import Server, Servers
from crews.knowledge.search.engine import EmbeddedIndex, SearchableIndex

AUDIENCES: Final[tuple[Audience, ...]] = (CUSTOMERS, TEAM)
_POINTER: Final = b"postgres:"
"""First bytes of a version's part that is a pointer; an index of bytes never begins so."""


class IndexStorage:
    """The indexes of all accounts. `servers`: those of PostgreSQL that accounts name."""

    def __init__(self, connection: Connection, servers: Servers | None = None) -> None:
        self._store = KnowledgeStore(connection)
        self._servers = servers or Servers()

    async def write(self, account: str, indexes: Mapping[Audience, Index], settings: KnowledgeSettings) -> int:
        """Write a new version beside the one in force, and return its number; it is not published.

        Raises:
            StoreUnavailable: Redis is away, or full.
            TooLarge: it would take more of Redis than an account's share.
            IndexUnavailable: PostgreSQL does not answer, or refuses.
        """
        parts = {}
        for audience, index in indexes.items():
            if settings.postgres is not None and index.size > settings.postgres.above_passages:
                name = await versions.write(self._server(settings), account, audience, index)
                parts[str(audience)] = _POINTER + name.encode()
            else:
                parts[str(audience)] = await asyncio.to_thread(pack, index)
        return await self._store.write(account, parts)

    async def open(
        self, account: str, version: int, audience: Audience, settings: KnowledgeSettings
    ) -> SearchableIndex | None:
        """Return a version's index to search; None where the version is not kept any more.

        Raises:
            StoreUnavailable: Redis is away.
            IndexUnavailable: PostgreSQL does not answer.
            InvalidIndex: the version is damaged, of another format, another account's,
                or in a PostgreSQL that no setting names any more.
        """
        data = await self._store.read(account, version, str(audience))
        if data is None:
            return None
        if (name := _name_in(data)) is None:
            return EmbeddedIndex(await asyncio.to_thread(unpack, data))
        server = self._server(settings)
        return PostgresIndex(server, name, await versions.published_outline(server, account, audience, name))

    async def documents(
        self, account: str, version: int, audience: Audience, settings: KnowledgeSettings
    ) -> Index | None:
        """Return a version's documents, passages and embeddings; None where the version is not kept any more.

        Raises:
            StoreUnavailable, IndexUnavailable, InvalidIndex: as `open`.
        """
        data = await self._store.read(account, version, str(audience))
        if data is None:
            return None
        if (name := _name_in(data)) is None:
            return await asyncio.to_thread(unpack, data)
        return await versions.read_documents(self._server(settings), account, audience, name)

    async def forget_unkept(self, account: str, settings: KnowledgeSettings) -> int:
        """Drop from PostgreSQL what no version kept points to; return how many indexes that were.

        Raises:
            StoreUnavailable: Redis is away.
            IndexUnavailable: PostgreSQL does not answer, or refuses.
        """
        if settings.postgres is None:
            return 0
        kept = set()
        for version in await self._store.versions(account):
            for audience in AUDIENCES:
                kept.add(_name_in(await self._store.beginning(account, version, audience)))
        return await versions.forget(self._server(settings), account, {name for name in kept if name})

    async def aclose(self) -> None:
        """Close connections to PostgreSQL."""
        await self._servers.aclose()

    def _server(self, settings: KnowledgeSettings) -> Server:
        if settings.postgres is None:
            raise InvalidIndex("it lies in PostgreSQL, and knowledge.postgres names none")
        return self._servers.at(settings.postgres.url)


def _name_in(data: bytes) -> str | None:
    return data.removeprefix(_POINTER).decode() if data.startswith(_POINTER) else None

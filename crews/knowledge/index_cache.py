"""Indexes in a worker's memory: loaded when first asked, replaced with the version in force, bounded together."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import structlog

from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from config.settings.settings import Settings
from crews.knowledge.index.serialization import InvalidIndex
from crews.knowledge.passage import Audience
from crews.knowledge.report import Report
from crews.knowledge.search.engine import SearchableIndex
from crews.knowledge.storage import IndexStorage

MOST_BYTES: Final = 192 << 20
"""Memory of all indexes together; the longest unused leave first."""
UNUSED_SECONDS: Final = 3_600.0
_log = structlog.get_logger(__name__)

Key = tuple[str, Audience]


@dataclass(slots=True)
class LoadedIndex:
    """An index as it was loaded. `index` is None where the version is damaged or of another format."""

    version: int
    index: SearchableIndex | None
    report: Report
    used: float


class IndexCache:
    """The indexes that this process has in memory."""

    def __init__(
        self, connection: Connection, storage: IndexStorage | None = None, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._store = KnowledgeStore(connection)
        self._storage = storage or IndexStorage(connection)
        self._most_bytes = most_bytes
        self._kept: dict[Key, LoadedIndex] = {}
        self._loading: dict[Key, asyncio.Task[LoadedIndex | None]] = {}

    async def of(self, account: str, audience: Audience, settings: Settings) -> LoadedIndex | None:
        """Return an account's index of the version in force; None where there is none.

        Where Redis is away, the one that is in memory is returned. Callers that come while one is loaded wait for it
        together, and none of them ends it by leaving.

        Raises:
            StoreUnavailable: Redis is away, and none is in memory.
            IndexUnavailable: PostgreSQL has it and does not answer, and it was not opened before.
        """
        key = (account, audience)
        kept = self._kept.get(key)
        try:
            version = await self._store.version(account)
        except StoreUnavailable:
            if kept is None:
                raise
            version = kept.version
        if not version:
            self._kept.pop(key, None)
            return None
        if kept is None or kept.version != version:
            kept = await self._load_once(key, version, settings)
        if kept is not None:
            kept.used = time.monotonic()
        return kept

    async def _load_once(self, key: Key, version: int, settings: Settings) -> LoadedIndex | None:
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._load(key, version, settings))
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        return await asyncio.shield(task)

    async def _load(self, key: Key, version: int, settings: Settings) -> LoadedIndex | None:
        account, audience = key
        index: SearchableIndex | None = None
        about = await self._store.in_force(account)
        try:
            if (index := await self._storage.open(account, version, audience, settings.knowledge)) is None:
                return None
        except InvalidIndex as error:
            _log.warning("knowledge_unreadable", account=account, version=version, error=str(error))
        found = LoadedIndex(version, index, Report.unpacked(about.about), time.monotonic())
        self._kept[key] = found
        self._evict(key)
        return found

    def _evict(self, latest: Key) -> None:
        """Let go of what has not been used for an hour, and of the longest unused while there is too much."""
        now = time.monotonic()
        by_use = sorted(self._kept, key=lambda each: self._kept[each].used)
        held = sum(self._size(each) for each in by_use)
        for key in by_use:
            if key != latest and (held > self._most_bytes or now - self._kept[key].used > UNUSED_SECONDS):
                held -= self._size(key)
                del self._kept[key]

    def _size(self, key: Key) -> int:
        index = self._kept[key].index
        return index.bytes if index is not None else 0

    @property
    def bytes(self) -> int:
        """Return the memory of all that is held."""
        return sum(map(self._size, self._kept))

"""Passages of an account's knowledge for a turn's question, within its deadline, or nothing.

Whatever fails here fails open: a turn without passages is answered from the facts, or handed to people.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from chatwootai.stores.server.connection import Connection, StoreUnavailable
from config.settings.settings import Settings
from crews.encoding.encoder import Encoder, EncoderUnavailable
from crews.knowledge.index.vectors import Floats
from crews.knowledge.index_cache import IndexCache, LoadedIndex
from crews.knowledge.passage import CUSTOMERS, Audience, Hit, Retrieved
from crews.knowledge.search.engine import IndexUnavailable, SearchableIndex
from crews.knowledge.search.find import TOP, Asked
from crews.knowledge.sources import SourceKey, allowed_sources

WHOLE_TOKENS: Final = 3_000
"""Knowledge up to which a crew is given all of it."""
BUDGET_TOKENS: Final = 1_500
"""Of what is given for a question: the passages found, and their neighbours while there is room."""
_ENCODING_SECONDS: Final = 0.15
"""How long an embedding of the question is waited for; without it words alone decide."""
_DAY: Final = 86_400
_log = structlog.get_logger(__name__)


class Knowledge:
    """All accounts' knowledge, in one worker. `encoder`: what makes an account's embeddings, by key and settings."""

    def __init__(
        self,
        connection: Connection,
        encoder: Callable[[str, Settings], Awaitable[Encoder]],
        shelf: IndexCache | None = None,
    ) -> None:
        self._encoder = encoder
        self._indexes = shelf or IndexCache(connection)

    async def retrieve(
        self, account: str, settings: Settings, burst: str, context_text: str, deadline: float
    ) -> Retrieved:
        """Return what is offered to a crew that writes to a customer; never a document of the team's.

        Args:
            account: the key of the account; no other's is ever looked at.
            settings: of the inbox, which may have sources of its own.
            burst: what the contact asks.
            context_text: what was said before it, the newest last; may be empty.
            deadline: unix seconds, by which passages must be there; after it there are none.
        """
        if not settings.knowledge.sources or not burst.strip():
            return Retrieved()
        try:
            async with asyncio.timeout(max(0.0, deadline - time.time())):
                return await self._retrieve(account, settings, burst, context_text)
        except (StoreUnavailable, IndexUnavailable, TimeoutError) as error:
            _log.warning("knowledge_missed", account=account, error=str(error) or type(error).__name__)
            return Retrieved(trouble=str(error) or "it took too long")

    async def version(self, account: str, settings: Settings) -> str:
        """Return what tells this knowledge from any other, for keys of answers that are kept; empty: there is none.

        Raises:
            StoreUnavailable: Redis is away, and nothing is in memory.
        """
        if not settings.knowledge.sources:
            return ""
        loaded = await self._indexes.of(account, CUSTOMERS, settings)
        return _version(loaded, self._offerable(loaded, settings, CUSTOMERS)) if loaded else ""

    async def search(
        self, account: str, settings: Settings, question: str, top: int = TOP, audience: Audience = CUSTOMERS
    ) -> tuple[Hit, ...]:
        """Return the best passages for a question, for people who look; empty where none is near enough.

        Raises:
            StoreUnavailable: Redis is away.
        """
        loaded = await self._indexes.of(account, audience, settings)
        if loaded is None or loaded.index is None:
            return ()
        may = self._offerable(loaded, settings, audience)
        asked = await self.embed_questions(account, settings, loaded.index, [question])
        return await loaded.index.find(asked, may, time.time(), top)

    async def index(self, account: str, settings: Settings, audience: Audience = CUSTOMERS) -> SearchableIndex | None:
        """Return the index in force, None where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        loaded = await self._indexes.of(account, audience, settings)
        return loaded.index if loaded else None

    async def offerable_sources(
        self, account: str, settings: Settings, audience: Audience = CUSTOMERS
    ) -> frozenset[SourceKey]:
        """Return the sources that may be offered now to an audience.

        Raises:
            StoreUnavailable: Redis is away.
        """
        loaded = await self._indexes.of(account, audience, settings)
        return self._offerable(loaded, settings, audience) if loaded else frozenset()

    async def embed_questions(
        self, account: str, settings: Settings, index: SearchableIndex, texts: Sequence[str]
    ) -> list[Asked]:
        """Return texts with their embeddings, however long they take; without, where there are none to be had."""
        return await self._embed(await self._encoder(account, settings), index, texts, patient=True)

    async def _retrieve(self, account: str, settings: Settings, burst: str, context_text: str) -> Retrieved:
        began = time.perf_counter()
        loaded = await self._indexes.of(account, CUSTOMERS, settings)
        if loaded is None:
            return Retrieved()
        if loaded.index is None:
            return Retrieved(trouble="its index cannot be read: ingest again")
        index, may = loaded.index, self._offerable(loaded, settings, CUSTOMERS)
        version, loaded_at = _version(loaded, may), time.perf_counter()
        if everything := await index.everything(may, time.time(), WHOLE_TOKENS):
            return Retrieved(passages=everything, whole=True, version=version, seconds={"index": loaded_at - began})
        texts = [burst, f"{context_text}\n{burst}"] if context_text.strip() else [burst]
        asked = await self._embed(await self._encoder(account, settings), index, texts)
        encoded = time.perf_counter()
        hits = await index.find(asked, may, time.time())
        found = time.perf_counter()
        return Retrieved(
            passages=await index.with_neighbours(hits, BUDGET_TOKENS),
            version=version,
            scores=tuple(hit.score for hit in hits),
            seconds={"index": loaded_at - began, "encode": encoded - loaded_at, "search": found - encoded},
        )

    def _offerable(self, loaded: LoadedIndex, settings: Settings, audience: Audience) -> frozenset[SourceKey]:
        """Return the sources that may be offered now.

        Those that the settings name, and that were read recently enough.
        """
        now, old = time.time(), set()
        for one in loaded.report.sources:
            source = settings.knowledge.sources.get(one.source)
            if source is not None and source.max_age_days and one.read_at + source.max_age_days * _DAY < now:
                old.add((one.source, one.place))
        return allowed_sources(settings, audience) - old

    async def _embed(
        self, encoder: Encoder, index: SearchableIndex, texts: Sequence[str], *, patient: bool = False
    ) -> list[Asked]:
        """Return texts with their embeddings, where the index has some of the same encoder and they come in time."""
        made: list[Floats | None] = [None] * len(texts)
        if index.encoder == encoder.name:
            try:
                async with asyncio.timeout(None if patient else _ENCODING_SECONDS):
                    made = list(await encoder.questions(texts))
            except (EncoderUnavailable, TimeoutError) as error:
                _log.info("knowledge_by_words_alone", error=type(error).__name__)
        return list(zip(texts, made, strict=True))


def _version(loaded: LoadedIndex, may: frozenset[SourceKey]) -> str:
    places = hashlib.sha256(repr(sorted(may)).encode()).hexdigest()[:8]
    return f"{loaded.version}-{places}"

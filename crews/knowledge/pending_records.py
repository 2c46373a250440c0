"""Indexes as they will be once the settings' records have been read: for rehearsals, which are before any ingest."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from chatwootai.stores.server.connection import Connection
from config.settings.settings import Settings
from crews.encoding.encoder import Encoder
from crews.knowledge.index.index import Tuning
from crews.knowledge.index_cache import IndexCache, LoadedIndex
from crews.knowledge.ingest.assemble import assemble_beside, reusable_pieces
from crews.knowledge.ingest.ingest import piece_of, settings_languages
from crews.knowledge.passage import CUSTOMERS, Audience
from crews.knowledge.reading.written_records import written_digest, written_documents
from crews.knowledge.report import Report
from crews.knowledge.search.engine import EmbeddedIndex
from crews.knowledge.sources import DeclaredSource

MOST_PASSAGES: Final = 5_000
"""Of an index that is made anew for a rehearsal: turns are answered beside it."""


class RehearsalIndexes(IndexCache):
    """Indexes in force, and with records that no ingest has read yet; the last one that was made is kept."""

    def __init__(self, connection: Connection, encoder: Callable[[str, Settings], Awaitable[Encoder]]) -> None:
        super().__init__(connection)
        self._encoder = encoder
        self._last: tuple[object, LoadedIndex] | None = None

    async def of(self, account: str, audience: Audience, settings: Settings) -> LoadedIndex | None:
        """Return an account's index, with the settings' records where `why_without` says nothing.

        Raises:
            StoreUnavailable, IndexUnavailable: as those of every turn.
            EncoderUnavailable: no embeddings are to be had now.
        """
        loaded = await super().of(account, audience, settings)
        pending = pending_sources(settings, loaded.report if loaded else Report(account=account), audience)
        encoder = await self._encoder(account, settings)
        if not pending or _why_without(loaded, encoder):
            return loaded
        digests = tuple((one.place, written_digest(one.records)) for one in pending)
        key = (account, audience, loaded.version if loaded else 0, digests)
        if self._last is None or self._last[0] != key:
            self._last = (key, await _with_records(loaded, pending, encoder, settings))
        return self._last[1]

    async def why_without(self, account: str, settings: Settings) -> str:
        """Return why records that are not ingested yet are not shown, as a sentence; empty where they are.

        Raises:
            StoreUnavailable, IndexUnavailable, EncoderUnavailable: as `of`.
        """
        loaded = await super().of(account, CUSTOMERS, settings)
        if not pending_sources(settings, loaded.report if loaded else Report(account=account), CUSTOMERS):
            return ""
        why = _why_without(loaded, await self._encoder(account, settings))
        return f"records that are not ingested yet are not shown: {why}" if why else ""


def _why_without(loaded: LoadedIndex | None, encoder: Encoder) -> str:
    if loaded is None:
        return ""
    if not isinstance(loaded.index, EmbeddedIndex):
        return "the index does not lie in memory"
    if loaded.index.size > MOST_PASSAGES:
        return f"the index has more than {MOST_PASSAGES:,} passages"
    if loaded.index.size and loaded.index.encoder != encoder.name:
        return "the index has the embeddings of another model"
    return ""


async def _with_records(
    loaded: LoadedIndex | None, pending: Sequence[DeclaredSource], encoder: Encoder, settings: Settings
) -> LoadedIndex:
    """Return an index in force with the records of these sources in their places."""
    index = loaded.index.index if loaded and isinstance(loaded.index, EmbeddedIndex) else None
    pieces = await asyncio.to_thread(reusable_pieces, index, encoder.name) if index else {}
    for one in pending:
        name, place = one.place
        for found in written_documents(one.records, one.source, {}):
            pieces[name, place, found.id] = piece_of(found, name, place, {})
    tuning = index.tuning if index and index.size else Tuning()
    made = await assemble_beside([*pieces.values()], encoder, settings_languages(settings), tuning)
    report = loaded.report if loaded else Report(account="")
    return LoadedIndex(loaded.version if loaded else 0, EmbeddedIndex(made), report, time.monotonic())


def pending_sources(settings: Settings, report: Report, audience: Audience) -> list[DeclaredSource]:
    """Return the sources of an audience that were read with other records than the settings hold of them now."""
    read = {(one.source, one.place): one.written for one in report.sources}
    declared = [DeclaredSource(name, source, settings) for name, source in settings.knowledge.sources.items()]
    return [
        one
        for one in declared
        if one.source.audience == audience and written_digest(one.records) != read.get(one.place, "")
    ]

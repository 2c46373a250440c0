"""One ingest of one account: read its sources, keep what is as it was, build a version, switch to it."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from chatwootai.stores.models.knowledge import LEASE_MS, KnowledgeStore, Superseded
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from config.settings.settings import Settings
from crews.encoding.encoder import Encoder
from crews.knowledge.index.index import Entry, Index
from crews.knowledge.index.serialization import InvalidIndex
from crews.knowledge.ingest.assemble import IN_MEMORY, IN_POSTGRES, Piece, assemble_index, cut_document, reusable_pieces
from crews.knowledge.ingest.sweep import forget_unused
from crews.knowledge.passage import Audience, Problem
from crews.knowledge.reading.reader import FoundDocument, SourceFailed
from crews.knowledge.reading.readers import reader_of
from crews.knowledge.reading.written_records import written_digest
from crews.knowledge.report import Report, SourceReport
from crews.knowledge.search.engine import IndexUnavailable
from crews.knowledge.sources import DeclaredSource, IngestContext, declared_sources
from crews.knowledge.storage import AUDIENCES, IndexStorage

_DAY = 86_400
Key = tuple[str, str, str]


class IngestRunning(Exception):
    """Another ingest of this account runs; the message says to wait."""


@dataclass(slots=True)
class SourceRead:
    """Result of reading one source: its documents as they are to be, and the report."""

    declared: DeclaredSource
    report: SourceReport
    pieces: list[Piece]


class Ingest:
    """Ingests one account's knowledge. `encoder` is None where nothing but words is to be had."""

    def __init__(
        self,
        connection: Connection,
        around: IngestContext,
        encoder: Encoder | None,
        tell: Callable[[str], None] = lambda said: None,
        storage: IndexStorage | None = None,
    ) -> None:
        """Prepare an ingest. `tell`: is told, in a few words, what is being done."""
        self._connection = connection
        self._store = KnowledgeStore(connection)
        self._storage = storage or IndexStorage(connection)
        self._around = around
        self._settings = around.account.settings.knowledge
        self._account = around.account.key
        self._encoder = encoder
        self._tell = tell

    async def run(
        self, only: Collection[str] | None = None, *, dry_run: bool = False, due_at: float | None = None
    ) -> Report:
        """Ingest all sources, or those named, or with `due_at` (unix seconds) those that are due by then.

        Sources that are not read keep what is known of them.

        Raises:
            IngestRunning: another ingest of the account runs.
            Superseded: another ingest took over, as this one held still for a minute.
            StoreUnavailable: Redis is away, or full.
            TooLarge, TooManyPassages: the account has more than an index holds.
            EncoderUnavailable: no embeddings are to be had now.
            IndexUnavailable: PostgreSQL, where the index lies or is to lie, does not answer.
        """
        if dry_run:
            return await self._ingest(only, due_at, None)
        token = await self._store.begin(self._account)
        if token is None:
            raise IngestRunning(f"another ingest of account {self._account} runs: wait until it ends")
        renewing = asyncio.create_task(self._renew_lease(token))
        try:
            return await self._ingest(only, due_at, token)
        finally:
            renewing.cancel()
            with suppress(StoreUnavailable):
                await self._store.end(self._account, token)

    async def _renew_lease(self, token: str) -> None:
        while True:
            await asyncio.sleep(LEASE_MS / 4000)
            with suppress(StoreUnavailable):
                await self._store.renew(self._account, token)

    async def _ingest(self, only: Collection[str] | None, due_at: float | None, token: str | None) -> Report:
        began = time.monotonic()
        in_force = await self._store.in_force(self._account)
        before = Report.unpacked(in_force.about)
        model = self._encoder.name if self._encoder else ""
        known, whole = await self._pieces_in_force(in_force.version, model)
        read = [
            await self._read_source(each, known, before, only, due_at)
            for each in declared_sources(self._around.account)
        ]
        report = replace(before, account=self._account, dry_run=token is None, model=model)
        report.sources = [each.report for each in read]
        if token is not None and (not whole or self._differs(read, known, before, model)):
            await self._publish(read, report, token)
        elif token is not None:
            await self._store.note(self._account, in_force.version, report.packed())
        report.seconds = round(time.monotonic() - began, 3)
        return report

    async def _pieces_in_force(self, version: int, model: str) -> tuple[dict[Key, Piece], bool]:
        """Return the documents of the version in force, and whether it is whole and of this project's format."""
        found: dict[Key, Piece] = {}
        for audience in AUDIENCES if version else ():
            try:
                index = await self._storage.documents(self._account, version, audience, self._settings)
            except InvalidIndex:
                return {}, False
            if index is None:
                return {}, False
            found |= await asyncio.to_thread(reusable_pieces, index, model)
        return found, bool(version)

    async def _read_source(
        self,
        each: DeclaredSource,
        known: Mapping[Key, Piece],
        before: Report,
        only: Collection[str] | None,
        due_at: float | None,
    ) -> SourceRead:
        name, place = each.place
        mine = {key[2]: piece for key, piece in known.items() if key[:2] == (name, place)}
        last = next((one for one in before.sources if (one.source, one.place) == (name, place)), None)
        if last is not None and not _should_read(each, last, only, due_at):
            return SourceRead(
                each, replace(last, state="unchanged", added=0, changed=0, removed=0, embedded=0), [*mine.values()]
            )
        report = SourceReport(source=name, place=place, audience=each.source.audience, tried_at=time.time())
        report.written = written_digest(each.records)
        report.read_at = last.read_at if last else 0.0
        if last is None and only is not None and name not in only:
            return SourceRead(each, replace(report, state="unchanged"), [])
        self._tell(f"reading {name}")
        pieces = await self._read_documents(each, mine, report)
        return SourceRead(each, report, pieces)

    async def _read_documents(
        self, each: DeclaredSource, mine: Mapping[str, Piece], report: SourceReport
    ) -> list[Piece]:
        name, place = each.place
        entries = {key: piece.entry for key, piece in mine.items()}
        kept: dict[str, Piece] = {}
        failed = ""
        try:
            async for found in reader_of(each, self._around).documents(entries):
                if isinstance(found, Problem):
                    report.problems.append(found)
                    if found.document in mine:
                        kept[found.document] = _kept_piece(mine[found.document], each, report)
                elif not (piece := piece_of(found, name, place, mine)).passages:
                    report.problems.append(Problem(found.id, "it has no words but headings"))
                else:
                    kept[found.id] = piece
                    report.added += found.id not in mine
                    report.changed += found.id in mine and found.document is not None
        except SourceFailed as error:
            failed = str(error)
        if failed:
            report.problems = [Problem("", failed)]
            report.added = report.changed = 0
            kept = {key: _kept_piece(piece, each, report) for key, piece in mine.items()}
        else:
            report.read_at = report.tried_at
        report.removed = len(mine.keys() - kept.keys())
        report.documents, report.passages = len(kept), sum(len(piece.passages) for piece in kept.values())
        report.settle(failed=bool(failed))
        return list(kept.values())

    def _differs(self, read: list[SourceRead], known: Mapping[Key, Piece], before: Report, model: str) -> bool:
        """Tell whether a new version is needed: other documents, other readers, or another encoder."""
        now = {
            (piece.entry.source, piece.entry.place, piece.entry.id): piece.entry for one in read for piece in one.pieces
        }
        audiences = {(one.source, one.place): one.audience for one in before.sources}
        moved = any(audiences.get(one.declared.place) != one.declared.source.audience for one in read)
        return moved or model != before.model or now != {key: piece.entry for key, piece in known.items()}

    async def _publish(self, read: list[SourceRead], report: Report, token: str) -> None:
        indexes: dict[Audience, Index] = {}
        for audience in AUDIENCES:
            mine = [one for one in read if one.declared.source.audience == audience]
            pieces = [piece for one in mine for piece in one.pieces]
            self._tell(f"indexing {sum(len(piece.passages) for piece in pieces):,} passages for {audience}")
            index = await self._assemble(pieces, mine)
            report.weights[audience] = _weights(index)
            indexes[audience] = index
        report.ingested_at = time.time()
        report.version = await self._storage.write(self._account, indexes, self._settings)
        await self._store.publish(self._account, report.version, report.packed(), token)
        with suppress(StoreUnavailable, IndexUnavailable):  # the version is in force; the next ingest forgets
            await forget_unused(self._connection, self._storage, self._account, self._settings)
            await self._storage.forget_unkept(self._account, self._settings)

    async def _assemble(self, pieces: list[Piece], read: list[SourceRead]) -> Index:
        languages = settings_languages(self._around.account.settings)
        bounds = IN_MEMORY if self._settings.postgres is None else IN_POSTGRES
        index, _ = await assemble_index(pieces, self._encoder, languages, bounds)
        for one in read:
            one.report.embedded = sum(_embedding_count(piece) for piece in one.pieces) if self._encoder else 0
        return index


def settings_languages(settings: Settings) -> tuple[str, ...]:
    """Return the languages that a tenant's documents are in, as far as the settings say."""
    return (settings.knowledge.language or settings.language,)


def _should_read(each: DeclaredSource, last: SourceReport, only: Collection[str] | None, due_at: float | None) -> bool:
    if only is not None:
        return each.name in only
    if due_at is None or each.source.hours <= 0:
        return due_at is None
    return last.tried_at + 3600 * each.source.hours <= due_at or written_digest(each.records) != last.written


def piece_of(found: FoundDocument, name: str, place: str, mine: Mapping[str, Piece]) -> Piece:
    """Return a document that was found, cut; `mine`: those of its source in the version in force, by id."""
    if found.document is None:
        return replace(mine[found.id], entry=replace(mine[found.id].entry, expires=0.0))
    document = found.document
    entry = Entry(
        source=name,
        place=place,
        id=document.id,
        digest=found.digest,
        mark=document.mark,
        title=document.title,
        url=document.url,
        questions=document.questions,
    )
    return cut_document(entry, document)


def _kept_piece(piece: Piece, each: DeclaredSource, report: SourceReport) -> Piece:
    """Return a document that could not be read again.

    It lasts as long as its source says, from when that was last read.
    """
    days = each.source.max_age_days
    if days is None or piece.entry.expires:
        return piece
    return replace(piece, entry=replace(piece.entry, expires=report.read_at + days * _DAY))


def _embedding_count(piece: Piece) -> int:
    from crews.knowledge.search.calibration import embedded_texts

    if piece.asked is not None:
        return 0
    return len(piece.entry.questions) + sum(len(embedded_texts(passage.text)) for passage in piece.passages)


def _weights(index: Index) -> dict[str, object]:
    tuning = index.tuning
    return {
        "dense": tuning.dense,
        "floor": round(tuning.floor, 4),
        "lexical_found": tuning.lexical_found,
        "dense_found": tuning.dense_found,
        "mixed_found": tuning.mixed_found,
        "measured_on": tuning.measured_on,
        "languages": list(index.words.languages),
        "bytes": index.bytes,
    }


__all__ = ["Ingest", "IngestRunning", "Superseded"]

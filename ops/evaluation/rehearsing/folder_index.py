"""Documents of a configuration's folder, indexed in memory for a rehearsal: no Redis, no site, no help centre."""

import time
from collections.abc import Sequence
from pathlib import Path

from config.settings.settings import Settings
from config.snapshot import Account
from crews.encoding.embedded import shared
from crews.encoding.encoder import Encoder
from crews.knowledge.index_cache import IndexCache, LoadedIndex
from crews.knowledge.ingest.assemble import Piece, assemble_index
from crews.knowledge.ingest.ingest import piece_of, settings_languages
from crews.knowledge.knowledge import Knowledge
from crews.knowledge.passage import Audience, Problem, Retrieved
from crews.knowledge.reading.reader import SourceFailed
from crews.knowledge.reading.readers import reader_of
from crews.knowledge.report import Report, SourceReport
from crews.knowledge.search.engine import EmbeddedIndex, SearchableIndex
from crews.knowledge.search.find import Asked
from crews.knowledge.sources import DeclaredSource, IngestContext, declared_sources

_OUTSIDE = {"site", "portal"}
"""Kinds of sources that are read over the network."""


class FolderIndexes(IndexCache):
    """Indexes of one account's documents that stand in files. `notes`: sources left out, as sentences."""

    def __init__(self, configuration: Path, account: Account) -> None:
        self.notes: list[str] = []
        self._around = IngestContext(configuration, account)
        self._made: dict[Audience, LoadedIndex] = {}

    async def of(self, account: str, audience: Audience, settings: Settings) -> LoadedIndex | None:
        """Return the index of an audience, made when first asked for."""
        if audience not in self._made:
            self._made[audience] = await self._make(audience)
        return self._made[audience]

    async def _make(self, audience: Audience) -> LoadedIndex:
        account = self._around.account
        encoder = shared() if account.settings.knowledge.embeddings == "local" else None
        if encoder is None:
            self._note("documents are found by words alone: their embeddings come from a model elsewhere")
        declared = [each for each in declared_sources(account) if each.source.audience == audience]
        pieces = [piece for each in declared for piece in await self._read(each)]
        index, _ = await assemble_index(pieces, encoder, settings_languages(account.settings))
        now = time.time()
        read = [
            SourceReport(source=each.name, place=each.place[1], audience=audience, read_at=now) for each in declared
        ]
        return LoadedIndex(1, EmbeddedIndex(index), Report(account=account.key, version=1, sources=read), now)

    async def _read(self, declared: DeclaredSource) -> Sequence[Piece]:
        if declared.source.kind in _OUTSIDE:
            self._note(f"the source {declared.name} is not read: it lies outside the folder")
            return ()
        found = []
        try:
            async for each in reader_of(declared, self._around).documents({}):
                if isinstance(each, Problem):
                    self._note(f"{declared.name}: {each.document}: {each.reason}")
                else:
                    found.append(piece_of(each, declared.name, declared.place[1], {}))
        except SourceFailed as error:
            self._note(f"the source {declared.name} cannot be read: {error}")
        return found

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


class PatientKnowledge(Knowledge):
    """Knowledge that waits for its embeddings, so that a rehearsal finds the same on a busy machine."""

    async def retrieve(
        self, account: str, settings: Settings, burst: str, context_text: str, deadline: float
    ) -> Retrieved:
        """Return the passages that are offered, however long that takes."""
        if not settings.knowledge.sources or not burst.strip():
            return Retrieved()
        return await self._retrieve(account, settings, burst, context_text)

    async def _embed(
        self, encoder: Encoder, index: SearchableIndex, texts: Sequence[str], *, patient: bool = False
    ) -> list[Asked]:
        return await super()._embed(encoder, index, texts, patient=True)

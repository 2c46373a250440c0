"""Searches of a version of an account's knowledge, wherever its index lies; and the engine that has it in memory."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

from crews.errors import CrewError
from crews.knowledge.index.index import Index, Tuning
from crews.knowledge.passage import Hit, Passage
from crews.knowledge.search.find import TOP, Asked, find, offerable, rank, with_neighbours

Allowed = Collection[tuple[str, str]]
"""Sources by name and place."""


class IndexUnavailable(CrewError):
    """Do without documents this time: what holds the index does not answer. The message says why, without secrets."""


class SearchableIndex(Protocol):
    """A version's index for one audience. Every method but `document` may raise IndexUnavailable."""

    @property
    def size(self) -> int:
        """Return the number of passages."""
        ...

    @property
    def tokens(self) -> int:
        """Return about how many tokens all passages have."""
        ...

    @property
    def encoder(self) -> str:
        """The name of the encoder whose embeddings these are; empty: there are none."""
        ...

    @property
    def tuning(self) -> Tuning:
        """The weights of the legs, and the floor."""
        ...

    @property
    def bytes(self) -> int:
        """About the memory that it takes in this process."""
        ...

    async def find(self, asked: Sequence[Asked], allowed: Allowed, now: float, top: int = TOP) -> tuple[Hit, ...]:
        """Return the best passages, best first; empty where none is near enough. As `search.find.find`."""
        ...

    async def rank(self, asked: Sequence[Asked], allowed: Allowed, now: float, top: int = TOP) -> list[int]:
        """Return the places of the best passages, near enough or not."""
        ...

    async def with_neighbours(self, hits: Sequence[Hit], budget: int) -> tuple[Passage, ...]:
        """Return the passages found and their neighbours, within `budget` tokens. As `search.find.with_neighbours`."""
        ...

    async def everything(self, allowed: Allowed, now: float, most: int) -> tuple[Passage, ...]:
        """Return all passages that may be offered, in their own order; none where they have more than `most` tokens."""
        ...

    async def documents(self, numbers: Sequence[int]) -> list[str]:
        """Return the ids of the documents that these passages are of."""
        ...


class EmbeddedIndex:
    """An index in this process's memory; it is searched in a thread."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.size, self.tokens, self.encoder = index.size, index.tokens, index.encoder
        self.tuning, self.bytes = index.tuning, index.bytes

    async def find(self, asked: Sequence[Asked], allowed: Allowed, now: float, top: int = TOP) -> tuple[Hit, ...]:
        """Return the best passages, best first; empty where none is near enough."""
        return await asyncio.to_thread(find, self.index, asked, allowed, now, top)

    async def rank(self, asked: Sequence[Asked], allowed: Allowed, now: float, top: int = TOP) -> list[int]:
        """Return the places of the best passages, near enough or not."""
        return (await asyncio.to_thread(rank, self.index, asked, allowed, now, top))[0]

    async def with_neighbours(self, hits: Sequence[Hit], budget: int) -> tuple[Passage, ...]:
        """Return the passages found and their neighbours, within `budget` tokens."""
        return await asyncio.to_thread(with_neighbours, self.index, hits, budget)

    async def everything(self, allowed: Allowed, now: float, most: int) -> tuple[Passage, ...]:
        """Return all passages that may be offered, in their own order; none where they have more than `most` tokens."""
        if self.tokens > most:
            return ()
        may = offerable(self.index, allowed, now)
        if may.all():
            return self.index.kept_passages
        return tuple(each for each, good in zip(self.index.kept_passages, may, strict=True) if good)

    async def documents(self, numbers: Sequence[int]) -> list[str]:
        """Return the ids of the documents that these passages are of."""
        return [self.index.entries[self.index.owners[number]].id for number in numbers]

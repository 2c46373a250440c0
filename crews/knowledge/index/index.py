"""A version of an account's knowledge for one audience, as it lies in memory: documents, passages, terms, vectors."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgpack
import numpy as np
from numpy.typing import NDArray

from crews.knowledge.index.lexicon import Lexicon
from crews.knowledge.index.vectors import Vectors
from crews.knowledge.passage import Passage

BLOCK: Final = 32
"""Passages whose texts are compressed together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document in an index.

    `place`: a digest of where its source reads, so that another source of the same name is not taken for it. `digest`:
    of all that was read of it. `mark`: an ETag or date of its server's. `expires`: unix seconds; 0: never.
    """

    source: str
    place: str
    id: str
    digest: str
    mark: str = ""
    title: str = ""
    url: str = ""
    questions: tuple[str, ...] = ()
    expires: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Mixture of the legs of a search, and the score that is near enough. Measured at ingest; see `search.measure`.

    `dense`: the share of vectors for passages without questions, 0 where vectors are blind. `asked`: the share of
    question vectors for those with. `floor`: the confidence below which nothing is offered.
    """

    dense: float = 0.35
    asked: float = 0.6
    floor: float = 0.44
    lexical_found: float | None = None
    dense_found: float | None = None
    mixed_found: float | None = None
    measured_on: int = 0


@dataclass(frozen=True, kw_only=True)
class Index:
    """Passages to search. `owners`: the entry of each passage. `encoder`: whose vectors these are, or empty."""

    entries: tuple[Entry, ...]
    owners: NDArray[np.int32]
    blocks: tuple[bytes, ...]
    questions: Lexicon
    words: Lexicon
    asked: Vectors
    windows: Vectors
    encoder: str
    tuning: Tuning
    tokens: int

    @property
    def size(self) -> int:
        """Return how many passages there are."""
        return len(self.owners)

    @cached_property
    def has_questions(self) -> NDArray[np.bool_]:
        """Return which passages are of documents with questions."""
        said = np.array([bool(entry.questions) for entry in self.entries] or [False])
        found: NDArray[np.bool_] = said[self.owners] if self.size else np.zeros(0, np.bool_)
        return found

    @cached_property
    def places(self) -> tuple[tuple[tuple[str, str], ...], NDArray[np.int32]]:
        """Return the sources there are, name and place, and which of them each passage is of."""
        known: dict[tuple[str, str], int] = {}
        of_entry = [known.setdefault((entry.source, entry.place), len(known)) for entry in self.entries]
        numbers = np.array(of_entry or [0], np.int32)[self.owners] if self.size else np.zeros(0, np.int32)
        return tuple(known), numbers

    @cached_property
    def expires(self) -> NDArray[np.float64]:
        """Return when each passage is offered no more, in unix seconds; infinite where it never ends."""
        ends = np.array([entry.expires or np.inf for entry in self.entries] or [np.inf])
        found: NDArray[np.float64] = ends[self.owners] if self.size else np.zeros(0)
        return found

    @property
    def bytes(self) -> int:
        """Return about the memory of it all."""
        arrays = self.questions.bytes + self.words.bytes + self.asked.bytes + self.windows.bytes
        return arrays + sum(map(len, self.blocks)) + self.owners.nbytes + 1000 * len(self.entries)

    def passage(self, number: int) -> Passage:
        """Return a passage by its place."""
        return passage_in_block(self.entries[self.owners[number]], self.blocks[number // BLOCK], number)

    @cached_property
    def kept_passages(self) -> tuple[Passage, ...]:
        """Return every passage in order, unpacked once: for an index so small that crews are given all of it."""
        return tuple(self.passages())

    def passages(self) -> Iterator[Passage]:
        """Yield every passage in order."""
        for at, block in enumerate(self.blocks):
            for inside, said in enumerate(_decompress(block)):
                yield _passage(self.entries[self.owners[at * BLOCK + inside]], said)


def compress_passages(passages: Sequence[Passage]) -> tuple[bytes, ...]:
    """Compress the texts of passages."""
    return tuple(
        zlib.compress(msgpack.packb([[each.text, each.headings] for each in passages[at : at + BLOCK]]), 6)
        for at in range(0, len(passages), BLOCK)
    )


def passage_in_block(entry: Entry, block: bytes, number: int) -> Passage:
    """Return a passage by its place, of a document's entry and the block that the place lies in."""
    return _passage(entry, _decompress(block)[number % BLOCK])


def _decompress(block: bytes) -> list[Any]:
    found: list[Any] = msgpack.unpackb(zlib.decompress(block))
    return found


def _passage(entry: Entry, said: Any) -> Passage:
    text, headings = said
    return Passage(
        source=entry.source,
        document=entry.id,
        text=text,
        title=entry.title,
        headings=tuple(headings),
        questions=entry.questions,
        url=entry.url,
    )

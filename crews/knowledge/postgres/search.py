"""Searches a version in PostgreSQL: fetches what a question touches of it, and scores that as an index in memory does.

Fetched are the postings of its terms, the nearest vectors, and those of the best passages by their words. What is in
none of them has a cosine of 0 here, where an index in memory knows it: both agree on what is found, and may differ on
the order far below.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from crews.knowledge.cutting.sentences import tokens
from crews.knowledge.index.index import BLOCK, Entry, Tuning, passage_in_block
from crews.knowledge.index.lexicon import OFTEN, Lexicon, Scores, common_digests_of, digests_of
from crews.knowledge.index.vectors import Floats
from crews.knowledge.passage import Hit, Passage
from crews.knowledge.postgres.outline import Outline, read_entry
from crews.knowledge.postgres.rows import signed
from crews.knowledge.postgres.server import SEARCH_SECONDS, Server
from crews.knowledge.postgres.tables import table
from crews.knowledge.search.engine import Allowed
from crews.knowledge.search.find import TOP, Asked, distinct, near_enough, offerable, rank, with_neighbours

_NEAREST: Final = 256
"""Embeddings of each kind that are asked for, and passages, the best by their words, that are compared beside them."""
_OWNERS: Final = np.dtype("<i4")
_NEAR: Final = (
    "(SELECT '{kind}' AS kind, passage, 1 - (embedding <=> $1::text::halfvec) AS near FROM {table} "
    "WHERE place = ANY($2::int[]) ORDER BY embedding <=> $1::text::halfvec LIMIT " + str(_NEAREST) + ")",
    "(SELECT '{kind}' AS kind, passage, max(1 - (embedding <=> $1::text::halfvec)) AS near FROM {table} "
    "WHERE passage = ANY($3::int[]) GROUP BY passage)",
)
"""A statement of these for each kind of embeddings: $1 the question's, $2 the sources' places, $3 passages."""
_TERMS: Final = """
SELECT field, digest, CASE WHEN often THEN 0 ELSE rarity END AS rarity,
       CASE WHEN often THEN '' ELSE owners END AS owners, CASE WHEN often THEN '' ELSE weights END AS weights
FROM (SELECT *, octet_length(owners) > 4 * $3::int AND (digest = ANY($2) OR octet_length(owners) > 2 * $4::int) AS often
      FROM {table} WHERE digest = ANY($1)) AS found
"""
"""The postings of terms, $1; those that a lexicon passes over are not read, for a few of them are megabytes.

$2: the common ones; $3: OFTEN; $4: how many passages there are. An owner has four bytes.
"""


@dataclass(frozen=True, slots=True)
class _Cosines:
    """The cosines that were fetched, of each question by its embedding's bytes."""

    size: int
    found: dict[bytes, Scores]

    def scores(self, question: Floats) -> Scores:
        """Return each passage's cosine, at least 0."""
        return self.found[question.tobytes()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Touched:
    """The part of an index that some questions touch, in the shape of a whole one."""

    outline: Outline
    questions: Lexicon
    words: Lexicon
    asked: _Cosines
    windows: _Cosines

    @property
    def size(self) -> int:
        return self.outline.size

    @property
    def tuning(self) -> Tuning:
        return self.outline.tuning

    @property
    def places(self) -> tuple[tuple[tuple[str, str], ...], NDArray[np.int32]]:
        return self.outline.places

    @property
    def has_questions(self) -> NDArray[np.bool_]:
        return self.outline.has_questions

    @property
    def expires(self) -> NDArray[np.float64]:
        return self.outline.expires


@dataclass(frozen=True, slots=True)
class _Read:
    """Passages that were fetched, by their places."""

    owners: NDArray[np.int32]
    passages: dict[int, Passage]

    def passage(self, number: int) -> Passage:
        """Return one that was fetched."""
        return self.passages[number]


class PostgresIndex:
    """A published version of an account's, for one audience."""

    def __init__(self, server: Server, name: str, outline: Outline) -> None:
        self._server, self._name, self._outline = server, name, outline
        self.size, self.tokens, self.bytes = outline.size, outline.tokens, outline.bytes
        self.encoder, self.tuning = outline.encoder, outline.tuning

    async def find(self, asked: Sequence[Asked], allowed: Allowed, now: float, top: int = TOP) -> tuple[Hit, ...]:
        """Return the best passages, best first; empty where none is near enough.

        Raises:
            IndexUnavailable: the server does not answer.
        """
        async with self._server.searching() as connection:
            touched = await self._touched(connection, asked, allowed, now)
            kept = await asyncio.to_thread(near_enough, touched, asked, allowed, now, top) if touched else []
            passages = await self._passages(connection, [number for number, _ in kept])
        return tuple(Hit(passage=passages[number], score=round(one, 4), number=number) for number, one in kept)

    async def rank(self, asked: Sequence[Asked], allowed: Allowed, now: float, top: int = TOP) -> list[int]:
        """Return the places of the best passages, near enough or not.

        Raises:
            IndexUnavailable: the server does not answer.
        """
        async with self._server.searching() as connection:
            touched = await self._touched(connection, asked, allowed, now)
        return (await asyncio.to_thread(rank, touched, asked, allowed, now, top))[0] if touched else []

    async def with_neighbours(self, hits: Sequence[Hit], budget: int) -> tuple[Passage, ...]:
        """Return the passages found and their neighbours, within `budget` tokens.

        Raises:
            IndexUnavailable: the server does not answer.
        """
        if not hits:
            return ()
        near = {
            number
            for hit in distinct(hits)
            for number in (hit.number - 1, hit.number, hit.number + 1)
            if 0 <= number < self.size and self._outline.owners[number] == self._outline.owners[hit.number]
        }
        async with self._server.searching() as connection:
            passages = await self._passages(connection, sorted(near))
        return with_neighbours(_Read(self._outline.owners, passages), hits, budget)

    async def everything(self, allowed: Allowed, now: float, most: int) -> tuple[Passage, ...]:
        """Return all passages that may be offered, in their own order; none where they have more than `most` tokens.

        Raises:
            IndexUnavailable: the server does not answer.
        """
        if self.tokens > most:
            return ()
        numbers = np.flatnonzero(offerable(self._outline, allowed, now)).tolist()
        async with self._server.searching() as connection:
            passages = await self._passages(connection, numbers)
        found = tuple(passages[number] for number in numbers)
        return found if sum(tokens(each.text) for each in found) <= most else ()

    async def documents(self, numbers: Sequence[int]) -> list[str]:
        """Return the ids of the documents that these passages are of.

        Raises:
            IndexUnavailable: the server does not answer.
        """
        owners = [int(self._outline.owners[number]) for number in numbers]
        async with self._server.searching() as connection:
            entries = await self._entries(connection, owners)
        return [entries[owner].id for owner in owners]

    async def _touched(self, connection: Any, asked: Sequence[Asked], allowed: Allowed, now: float) -> _Touched | None:
        """Return what the questions touch; None where there is nothing to look at."""
        may = offerable(self._outline, allowed, now) if self.size and asked else np.zeros(0, np.bool_)
        if not may.any():
            return None
        known, _ = self._outline.places
        places = [at for at, each in enumerate(known) if each in allowed]
        questions, words = await self._lexicons(connection, [text for text, _ in asked])
        legs: tuple[dict[bytes, Scores], dict[bytes, Scores]] = ({}, {})
        for text, vector in asked:
            if vector is None or self.tuning.dense <= 0:
                continue
            best = await asyncio.to_thread(_best_by_words, questions, words, text, may)
            for leg, cosines in zip(legs, await self._cosines(connection, vector, places, best), strict=True):
                leg[vector.tobytes()] = cosines
        asked_leg, windows_leg = (_Cosines(self.size, leg) for leg in legs)
        return _Touched(outline=self._outline, questions=questions, words=words, asked=asked_leg, windows=windows_leg)

    async def _lexicons(self, connection: Any, texts: Sequence[str]) -> list[Lexicon]:
        """Return the postings of the texts' terms: of the documents' questions, and of all words."""
        spoken = self._outline.languages
        digests = sorted({each for text in texts for each in digests_of(text, spoken)})
        common = {each for text in texts for each in common_digests_of(text, spoken)}
        rows = await connection.fetch(
            _TERMS.format(table=table(self._name, "terms")),
            *([signed(each) for each in digests], [signed(each) for each in common], OFTEN, self.size),
            timeout=SEARCH_SECONDS,
        )
        order = {signed(each): at for at, each in enumerate(digests)}
        rows.sort(key=lambda row: order[row["digest"]])
        return [self._lexicon([row for row in rows if row["field"] == field], order, digests) for field in (0, 1)]

    def _lexicon(self, rows: Sequence[Any], order: dict[int, int], digests: Sequence[int]) -> Lexicon:
        owners = [np.frombuffer(row["owners"], _OWNERS) for row in rows]
        weights = [np.frombuffer(row["weights"], "<f2") for row in rows]
        return Lexicon(
            digests=np.array([digests[order[row["digest"]]] for row in rows], np.uint64),
            starts=np.cumsum([0, *map(len, owners)], dtype=np.int64),
            owners=np.concatenate([np.empty(0, _OWNERS), *owners]),
            weights=np.concatenate([np.empty(0, "<f2"), *weights]),
            rarity=np.array([row["rarity"] for row in rows], np.float32),
            size=self.size,
            languages=self._outline.languages,
        )

    async def _cosines(
        self, connection: Any, vector: Floats, places: Sequence[int], best: Sequence[int]
    ) -> tuple[Scores, Scores]:
        """Return the cosines of the nearest by their questions, of those by their sentences, and of `best` in both."""
        kinds = [kind for kind in ("asked", "windows") if kind == "windows" or self._outline.has_questions.any()]
        said = "[" + ",".join(f"{each:.5g}" for each in vector.tolist()) + "]"
        rows = await connection.fetch(
            " UNION ALL ".join(
                part.format(table=table(self._name, kind), kind=kind) for kind in kinds for part in _NEAR
            ),
            *(said, places, best),
            timeout=SEARCH_SECONDS,
        )
        return _spread(rows, "asked", self.size), _spread(rows, "windows", self.size)

    async def _passages(self, connection: Any, numbers: Sequence[int]) -> dict[int, Passage]:
        """Return passages by their places."""
        if not numbers:
            return {}
        rows = await connection.fetch(
            f"SELECT 'block' AS kind, number, data FROM {table(self._name, 'blocks')} WHERE number = ANY($1) UNION ALL "
            f"SELECT 'entry' AS kind, number, data FROM {table(self._name, 'entries')} WHERE number = ANY($2)",
            sorted({number // BLOCK for number in numbers}),
            sorted({int(self._outline.owners[number]) for number in numbers}),
            timeout=SEARCH_SECONDS,
        )
        said = {row["number"]: row["data"] for row in rows if row["kind"] == "block"}
        entries = {row["number"]: read_entry(row["data"]) for row in rows if row["kind"] == "entry"}
        return {
            number: passage_in_block(entries[int(self._outline.owners[number])], said[number // BLOCK], number)
            for number in numbers
        }

    async def _entries(self, connection: Any, owners: Iterable[int]) -> dict[int, Entry]:
        rows = await connection.fetch(
            f"SELECT number, data FROM {table(self._name, 'entries')} WHERE number = ANY($1)",
            *(sorted(set(owners)),),
            timeout=SEARCH_SECONDS,
        )
        return {row["number"]: read_entry(row["data"]) for row in rows}


def _best_by_words(questions: Lexicon, words: Lexicon, text: str, may: NDArray[np.bool_]) -> list[int]:
    """Return the places of the passages that have the most of a question's words."""
    scores = np.where(may, questions.scores(text)[0] + words.scores(text)[0], 0)
    some = min(_NEAREST, len(scores))
    best = np.argpartition(scores, -some)[-some:]
    found: list[int] = best[scores[best] > 0].tolist()
    return found


def _spread(rows: Sequence[Any], kind: str, size: int) -> Scores:
    found = np.zeros(size, np.float32)
    mine = [row for row in rows if row["kind"] == kind]
    np.maximum.at(found, [row["passage"] for row in mine], np.nan_to_num([row["near"] for row in mine]))
    return found

"""Finds which of several questions says the same as one that is asked: near by meaning, and past the guard."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from chatwootai.bounded_cache import BoundedCache
from chatwootai.telemetry.tasks import owned
from crews.encoding.encoder import Encoder, Vectors
from crews.matching.question_guard import difference, is_opposite, reading, unmatched

FLOOR: Final = 0.55
"""A cosine below which two questions are not compared; above it the guard decides. See docs/concepts/meaning.md."""
WORDS: Final = 0.6
"""A cosine from which two words that are left mean the same."""
_MOST: Final = 8
"""Questions that the guard is asked of, the nearest ones."""
_SETS: Final = 1024
_WORDS_KEPT: Final = 8192


@dataclass(frozen=True, slots=True)
class Match:
    """A question that says the same: its place among those looked through, and its cosine."""

    at: int
    likeness: float


def prepared(text: str) -> str:
    """Return a text as it is encoded for matching: without capitals, which say nothing of what is asked."""
    return text.lower()


class Matcher:
    """Matches questions by one encoder. Sets of written questions are encoded once, when first looked through."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._sets: BoundedCache[tuple[str, ...], asyncio.Task[Vectors]] = BoundedCache(_SETS)
        self._words: BoundedCache[str, Vectors] = BoundedCache(_WORDS_KEPT)

    async def encoded(self, text: str) -> Vectors:
        """Return a question's embedding, one row.

        Raises:
            EncoderUnavailable: there are none to be had now.
        """
        return await self._encoder.questions([prepared(text)])

    async def likeness(self, one: str, other: str) -> float:
        """Return the cosine of two texts.

        Raises:
            EncoderUnavailable: there are no embeddings to be had now.
        """
        first, second = await self._encoder.passages([prepared(one), prepared(other)])
        return float(first @ second)

    async def among(self, asked: str, written: tuple[str, ...], language: str) -> list[Match]:
        """Return those of `written` that say the same as `asked`, the nearest first.

        A set is encoded in the background the first time: who stops waiting stops nothing, and the next finds it.

        Raises:
            EncoderUnavailable: there are no embeddings to be had now.
        """
        if not written or reading(asked, language) is None:
            return []
        vectors = await self._encoded_set(written)
        return await self.near(asked, await self.encoded(asked), written, vectors, language)

    async def near(
        self, asked: str, vector: Vectors, written: Sequence[str], vectors: Vectors, language: str
    ) -> list[Match]:
        """Return those of `written`, whose embeddings are `vectors`, that say the same as `asked`; nearest first.

        Raises:
            EncoderUnavailable: words that are left cannot be compared now.
        """
        alike = vectors @ vector[0]
        nearest = np.argsort(-alike, kind="stable")[:_MOST]
        return [
            Match(int(at), float(alike[at]))
            for at in nearest[alike[nearest] >= FLOOR]
            if await self._same(asked, written[at], language)
        ]

    async def _same(self, asked: str, written: str, language: str) -> bool:
        one, other = reading(asked, language), reading(written, language)
        if one is None or other is None or one.is_empty or difference(one, other) is not None:
            return False
        mine, theirs = unmatched(one, other)
        if not mine and not theirs:
            return True
        if not mine or not theirs or any(is_opposite(word, each) for word in mine for each in theirs):
            return False
        alike = await self._word_vectors(mine) @ (await self._word_vectors(theirs)).T
        return bool(alike.max(axis=1).min() >= WORDS and alike.max(axis=0).min() >= WORDS)

    async def _encoded_set(self, written: tuple[str, ...]) -> Vectors:
        task = self._sets.get_or_make(written, lambda: self._encode_set(written))
        try:
            return await asyncio.shield(task)
        except Exception:
            self._sets.pop(written)  # the next tries again
            raise

    def _encode_set(self, written: tuple[str, ...]) -> asyncio.Task[Vectors]:
        work = self._encoder.passages([prepared(each) for each in written])
        return owned(asyncio.ensure_future(work), "matching")

    async def _word_vectors(self, words: Sequence[str]) -> Vectors:
        kept = {word: vector for word in words if (vector := self._words.get(word)) is not None}
        missing = [word for word in dict.fromkeys(words) if word not in kept]
        if missing:
            for word, vector in zip(missing, await self._encoder.passages(missing), strict=True):
                kept[word] = self._words.put(word, vector)
        return np.stack([kept[word] for word in words])

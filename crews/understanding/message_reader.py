"""Reads messages: their embeddings, and what the heads tell of them."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.policy.meaning import UNTOLD, Meaning
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN
from chatwootai.telemetry.tasks import owned
from crews.encoding.encoder import Encoder, EncoderUnavailable, Vectors
from crews.understanding.heads import Heads, load_shipped
from crews.understanding.spelling import load_spelling

_MOST_LINES: Final = 6
_TENANTS: Final = 1024
"""Sets of topics that are kept encoded: a hundred sentences of one are 200 kB and 0.2 s."""
_SECONDS: Final = 0.3
"""What a message is waited for: a worker that has just begun still reads the encoder's weights."""
_LEAST: Final = 3
"""Letters of a line that is read by itself."""
_NEAR: Final = 0.75
"""A cosine from which a message is about a tenant's topic. Measured: docs/concepts/meaning.md."""
_LETTERS_IN_A_ROW: Final = re.compile(r"([^\W\d_])\1{2,}")
_MARKS_IN_A_ROW: Final = re.compile(r"([!?.])[!?.]+")
_ENDING: Final = " \t\n.!…,;:。！"
_log = log.get("understanding")


@dataclass(frozen=True, slots=True)
class Topics:
    """A tenant's topics: one row an example, and whose it is."""

    names: tuple[str, ...]
    vectors: Vectors

    def nearest(self, vectors: Vectors) -> str | None:
        """Return the topic that one of several texts is about, or None."""
        if not self.names or not len(vectors):
            return None
        alike = vectors @ self.vectors.T
        row, column = np.unravel_index(int(alike.argmax()), alike.shape)
        return self.names[column] if alike[row, column] >= _NEAR else None


class MessageReader:
    """Reads by one encoder. Where that fails, it is said once, and words decide alone.

    A tenant's topics are encoded when its first message comes.
    """

    def __init__(self, encoder: Encoder, heads: Heads | None = None, *, seconds: float = _SECONDS) -> None:
        self._encoder = encoder
        self._seconds = seconds
        self._heads = heads
        self._topics: BoundedCache[tuple[tuple[str, str], ...], asyncio.Task[Topics]] = BoundedCache(_TENANTS)
        self._failure_logged = False

    async def read(self, text: str, topics: Mapping[str, Sequence[str]] | None = None) -> Meaning:
        """Return what a message means; UNTOLD where it cannot be told. `topics`: a tenant's, by name, with examples."""
        lines = texts_to_read(text)
        if not lines:
            return UNTOLD
        try:
            async with asyncio.timeout(self._seconds):
                said = texts_as_encoded(lines)
                vectors = await self._encoder.questions(said)
                own = await self._encode_topics_once(topics) if topics else None
        except (EncoderUnavailable, TimeoutError) as error:
            return self._meaning_unknown(error)
        told = self._scores(said, vectors).max(axis=0)
        return replace(meaning_of(told), topic=own.nearest(vectors) if own else None, mended=mended(text))

    async def warm(self) -> None:
        """Read the encoder's weights and the heads, so that no message waits for them; a failure is said and kept."""
        await self.read("ok")

    def _scores(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        if self._heads is None:
            self._heads = load_shipped()
            if self._heads.encoder != self._encoder.name:
                raise ValueError(f"the heads were made with {self._heads.encoder}, not with {self._encoder.name}")
        return self._heads.scores(texts, vectors)

    async def _encode_topics_once(self, topics: Mapping[str, Sequence[str]]) -> Topics:
        """Return a tenant's topics, encoded once.

        Who gives up waiting for that stops nothing, and the next finds them.
        """
        named = tuple((name, text) for name, texts in topics.items() for text in texts)
        task = self._topics.get_or_make(named, lambda: owned(asyncio.create_task(self._encode_topics(named)), "topics"))
        return await asyncio.shield(task)

    async def _encode_topics(self, named: tuple[tuple[str, str], ...]) -> Topics:
        vectors = await self._encoder.passages([normalize(text) for _, text in named])
        return Topics(tuple(name for name, _ in named), vectors)

    def _meaning_unknown(self, error: EncoderUnavailable | TimeoutError) -> Meaning:
        FAILED_OPEN.labels("understanding").inc()
        if not self._failure_logged and isinstance(error, EncoderUnavailable):
            self._failure_logged = True
            _log.error("no_understanding", error=str(error))
        return UNTOLD


def meaning_of(scores: Vectors) -> Meaning:
    """Return one text's scores, in the order of HEADS."""
    person, angry, thanks, goodbye = (round(float(score), 3) for score in scores)
    return Meaning(person, angry, thanks, goodbye)


def texts_to_read(text: str) -> list[str]:
    """Return what is read of a message: all of it, and its last lines one by one, for a burst says several things."""
    lines = [line for each in text.splitlines() if sum(map(str.isalpha, line := each.strip())) >= _LEAST]
    if not any(map(str.isalpha, text)):
        return []
    return [text.strip(), *lines[-_MOST_LINES:]] if len(lines) > 1 else [text.strip()]


def texts_as_encoded(lines: Sequence[str]) -> list[str]:
    """Return texts as they are encoded: as they are written, and as they are meant where that differs."""
    said = [normalize(line) for line in lines]
    meant = (normalize(mended(line)) for line in lines)
    return [*said, *(each for each, written in zip(meant, said, strict=True) if each and each != written)]


def mended(text: str) -> str:
    """Return a text's words without slips of the keys and abbreviations; empty where there is nothing to mend."""
    meant = load_spelling().mend(text)
    return "" if meant == text[: len(meant)].lower() else meant


def normalize(text: str) -> str:
    """Return a text as it is encoded for understanding: its words, without how loud they are and how they end.

    Capitals, marks in a row and the full stop, which an encoder takes for a meaning of their own: with a full stop
    twice as many of the angry were missed.
    """
    once = _MARKS_IN_A_ROW.sub(r"\1", _LETTERS_IN_A_ROW.sub(r"\1\1", text.lower()))
    return once.rstrip(_ENDING).lstrip(" ¡¿") or once

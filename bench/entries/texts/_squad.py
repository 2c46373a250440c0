"""Sets in SQuAD's shape (XQuAD, MLQA, FAQuAD): paragraphs as documents, their questions asked of them.

A file is called NAME.LANGUAGE.json. Each is measured alone, half of its articles by the questions about the other half,
and the paragraphs of all files as the documents of one tenant.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.entries.texts._asking import Question, measure_asked, measure_refused, piece
from bench.figure import Figure
from crews.encoding.encoder import Encoder, Vectors
from crews.knowledge.index.index import Index
from crews.knowledge.ingest.assemble import assemble_index


@dataclass(frozen=True, slots=True)
class _Set:
    """A file: its paragraphs and its questions, by article."""

    language: str
    paragraphs: list[list[dict[str, Any]]]
    questions: list[list[Question]]


class _RememberingEncoder:
    """An encoder that encodes each passage once: the same paragraphs are indexed three times."""

    def __init__(self, inner: Encoder) -> None:
        self.name, self.dimensions = inner.name, inner.dimensions
        self.questions = inner.questions
        self._inner = inner
        self._made: dict[str, Vectors] = {}

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """Return the embeddings of passages, one row each."""
        if new := [each for each in dict.fromkeys(texts) if each not in self._made]:
            self._made.update(zip(new, await self._inner.passages(new), strict=True))
        return np.array([self._made[each] for each in texts], np.float32)


async def measure_folder(folder: Path, encoder: Encoder, say: Callable[[str], None]) -> list[Figure]:
    """Measure every *.LANGUAGE.json of a folder, and all of them together; raises ValueError where there is none."""
    sets = await asyncio.to_thread(_read_folder, folder)
    if not sets:
        raise ValueError(f"{folder} holds no NAME.LANGUAGE.json in SQuAD's shape")
    remembering = _RememberingEncoder(encoder)
    figures = []
    for each in sets:
        say(f"indexing and asking: {each.language}")
        figures += await _measure_alone(each, remembering)
    if len(sets) > 1:
        say("indexing and asking all of them together")
        records = [record for each in sets for article in each.paragraphs for record in article]
        index = await _indexed(records, remembering, [each.language for each in sets])
        for each in sets:
            asked = [question for article in each.questions for question in article]
            figures += await measure_asked(f"together.{each.language}", index, remembering, asked)
    return figures


async def _measure_alone(one: _Set, encoder: Encoder) -> list[Figure]:
    index = await _indexed([record for article in one.paragraphs for record in article], encoder, [one.language])
    asked = [question for article in one.questions for question in article]
    figures = await measure_asked(one.language, index, encoder, asked)
    half = await _indexed([record for article in one.paragraphs[::2] for record in article], encoder, [one.language])
    own = [question for article in one.questions[::2] for question in article]
    figures += await measure_asked(f"{one.language}.half", half, encoder, own)
    foreign = [question for article in one.questions[1::2] for question, _ in article]
    return [*figures, await measure_refused(f"knowledge.{one.language}.half.refused.other", half, encoder, foreign)]


async def _indexed(records: Sequence[dict[str, Any]], encoder: Encoder, languages: Sequence[str]) -> Index:
    return (await assemble_index([piece(each) for each in records], encoder, languages))[0]


def _read_folder(folder: Path) -> list[_Set]:
    return [_read(path) for path in sorted(folder.glob("*.*.json"))]


def _read(path: Path) -> _Set:
    language = path.stem.rpartition(".")[2]
    paragraphs: list[list[dict[str, Any]]] = []
    questions: list[list[Question]] = []
    for number, article in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        ids = [f"{path.stem}/{number}/{place}" for place in range(len(article["paragraphs"]))]
        pairs = list(zip(ids, article["paragraphs"], strict=True))
        paragraphs.append([{"id": id_, "title": article["title"], "content": said["context"]} for id_, said in pairs])
        questions.append([(each["question"], id_) for id_, said in pairs for each in said["qas"]])
    return _Set(language, paragraphs, questions)

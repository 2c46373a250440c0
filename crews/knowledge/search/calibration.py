"""Measures at ingest how words and vectors are mixed for one account's documents, and where nothing is near enough.

The documents themselves ask: each question and heading is looked for among the texts alone. A leg that finds next to
nothing so is blind for these documents (a language that the encoder does not know) and gets no weight. What nobody
here can answer tells the floor: a hundred questions about everything else.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from crews.knowledge.cutting.sentences import windows
from crews.knowledge.index import lexicon, vectors
from crews.knowledge.index.index import Index, Tuning
from crews.knowledge.index.vectors import Floats
from crews.knowledge.passage import Passage
from crews.knowledge.search.scoring import score

MOST_ASKED: Final = 200
_MOST_TEXTS: Final = 1_500
_LEAST: Final = 30
"""Questions without which nothing is measured, and what was measured elsewhere holds."""
_SHARES: Final = tuple(step / 20 for step in range(15))
_LEANING: Final = 0.03
"""What a share must gain in mean reciprocal rank for each unit that it is away from the usual one."""
_BLIND: Final = 0.25
"""Of the other leg's mean reciprocal rank, what a leg must reach to count at all."""
_REFUSED: Final = 0.95
_FLOORS: Final = (0.44, 0.46)


@cache
def foreign_questions() -> tuple[str, ...]:
    """Return the questions about everything else."""
    text = files("crews.knowledge.search").joinpath("foreign.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line.strip())


def own_questions(passages: Sequence[Passage]) -> list[tuple[int, str]]:
    """Return questions that the documents ask themselves, with the place of the passage that answers, spread evenly."""
    headings = Counter(each.heading for each in passages)
    asked = [
        (at, each.questions[0] if each.questions else each.heading)
        for at, each in enumerate(passages)
        if each.questions or (each.heading and headings[each.heading] == 1)
    ]
    return asked[:: max(1, -(-len(asked) // MOST_ASKED))]


def tune(index: Index, passages: Sequence[Passage], asked: Sequence[tuple[int, str]], embedded: Floats) -> Tuning:
    """Return the weights for an index of these passages. `embedded`: of what is asked, one row each.

    Where fewer than thirty ask, the usual weights.
    """
    usual = Tuning()
    if len(asked) < _LEAST:
        return usual
    chosen = _sample(len(passages), [at for at, _ in asked])
    places = {number: place for place, number in enumerate(chosen)}
    texts = [passages[number].text for number in chosen]
    words = lexicon.build(texts, index.words.languages)
    meaning = _windows_of(index, chosen)
    by_words, by_vectors = [], []
    for (_, question), vector in zip(asked, embedded, strict=True):
        found, whole = words.scores(question)
        by_words.append(found / max(float(found.max(initial=0.0)), 1e-6) if whole else found)
        by_vectors.append(meaning.scores(vector))
    right = np.array([places[at] for at, _ in asked])
    lexical, dense = np.array(by_words), np.array(by_vectors)
    alone = _mean_reciprocal_rank(lexical, right), _mean_reciprocal_rank(dense, right)
    gains = {
        share: _mean_reciprocal_rank(share * dense + (1 - share) * lexical, right) - _LEANING * abs(share - usual.dense)
        for share in _SHARES
    }
    share = 0.0 if alone[1] < _BLIND * alone[0] else max(gains, key=lambda each: gains[each])
    share = 1.0 if alone[0] < _BLIND * alone[1] else share
    mixed = _mean_reciprocal_rank(share * dense + (1 - share) * lexical, right)
    return Tuning(
        dense=max(share, 0.05) if share or alone[1] >= _BLIND * alone[0] else 0.0,
        asked=usual.asked,
        floor=usual.floor,
        lexical_found=round(alone[0], 4),
        dense_found=round(alone[1], 4),
        mixed_found=round(mixed, 4),
        measured_on=len(asked),
    )


def confidence_floor(index: Index, embedded: Floats | None) -> float:
    """Return the confidence that nineteen of twenty foreign questions do not reach, within bounds.

    `embedded`: of the foreign questions, one row each; None where there are no vectors.
    """
    best = [
        float(score(index, question, None if embedded is None else embedded[at]).confidence.max(initial=0.0))
        for at, question in enumerate(foreign_questions())
    ]
    return float(np.clip(np.quantile(best, _REFUSED), *_FLOORS))


def _sample(size: int, needed: Sequence[int]) -> list[int]:
    """Return the places of the passages that are looked through: those needed, and others spread evenly."""
    spread = range(0, size, max(1, size // _MOST_TEXTS))
    return sorted({*needed, *spread})


def _windows_of(index: Index, chosen: Sequence[int]) -> vectors.Vectors:
    rows = [index.windows.rows(number) for number in chosen]
    owners = np.repeat(np.arange(len(chosen), dtype=np.int32), [len(each) for each in rows])
    return vectors.build(np.concatenate(rows), owners.astype(np.int32), len(chosen))


def _mean_reciprocal_rank(scores: NDArray[Any], right: NDArray[np.int64]) -> float:
    """Return the mean reciprocal rank of the right places."""
    own = scores[np.arange(len(right)), right]
    ranks = 1 + (scores > own[:, None]).sum(axis=1)
    return float(np.where(own > 0, 1 / ranks, 0).mean())


def embedded_texts(text: str) -> list[str]:
    """Return the pieces of a passage that get an embedding each."""
    return windows(text) or [text]

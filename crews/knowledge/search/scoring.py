"""The scores of a question's passages: words and vectors mixed, for the order, and apart from it the confidence.

The order compares passages with each other, so words count by the best of them; whether anything is near enough to be
offered is asked of the confidence, where words count by how much of the question a passage covers.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from crews.knowledge.index.index import Tuning
from crews.knowledge.index.lexicon import Scores
from crews.knowledge.index.vectors import Floats

_OF_WORDS: Final = (0.25, 0.25, 0.5)
"""Of what question vectors leave: answer vectors, words of the question, words of both."""
_SURE_ASKED: Final = (0.3, 0.1, 0.2, 0.4)
"""Confidence of a passage with questions: question vectors, answer vectors, words of the question, words of both."""
_SURE_TOLD: Final = (0.36, 0.665)
"""Confidence of a passage without: vectors, words."""
_POOR: Final = 0.35
"""A share of a question's words that even the best passage should cover; below it words count for less."""
_NEAR: Final = 0.26
"""What is taken from a question's cosine to one that is answered, to make its confidence by that alone: a contact may
write in another language than the documents."""
_WORDS_ALONE: Final = 0.85
"""What confidence by words counts where there are no vectors."""


class LexicalLeg(Protocol):
    """Scores all passages by a question's words."""

    def scores(self, question: str) -> tuple[Scores, float]:
        """Return each passage's score, and that of a text with each of the question's terms once."""
        ...


class DenseLeg(Protocol):
    """Scores all passages by a question's embedding."""

    def scores(self, question: Floats) -> Scores:
        """Return each passage's cosine, at least 0; 0 also for what was not looked at."""
        ...


class Scorable(Protocol):
    """The legs of an index, and how they are mixed; one number a passage in each array."""

    @property
    def questions(self) -> LexicalLeg:
        """The words of the documents' questions."""
        ...

    @property
    def words(self) -> LexicalLeg:
        """All words."""
        ...

    @property
    def asked(self) -> DenseLeg:
        """The embeddings of the documents' questions."""
        ...

    @property
    def windows(self) -> DenseLeg:
        """The embeddings of the passages' sentences."""
        ...

    @property
    def has_questions(self) -> NDArray[np.bool_]:
        """Return which passages are of documents with questions."""
        ...

    @property
    def tuning(self) -> Tuning:
        """The weights, and the floor."""
        ...


@dataclass(frozen=True, slots=True)
class PassageScores:
    """For each passage, what orders it and what it is trusted by."""

    order: Scores
    confidence: Scores


def score(index: Scorable, question: str, vector: Floats | None) -> PassageScores:
    """Score every passage. `vector`: the question's embedding by the index's encoder; None: by words alone."""
    named, whole_named = index.questions.scores(question)
    told, whole = index.words.scores(question)
    asked = index.has_questions
    best = (_scale(named, whole_named), _scale(told, whole))
    covered = (named / max(whole_named, 1e-6), told / max(whole, 1e-6))
    tuning = index.tuning
    if vector is None or tuning.dense <= 0:
        return _by_words(asked, best, covered)
    near_asked, near_told = index.asked.scores(vector), index.windows.scores(vector)
    left = 1 - tuning.asked
    answer, name, both = _OF_WORDS
    order = np.where(
        asked,
        tuning.asked * near_asked + left * (answer * near_told + name * best[0] + both * best[1]),
        tuning.dense * near_told + (1 - tuning.dense) * best[1],
    )
    sure = _SURE_ASKED
    of_asked = sure[0] * near_asked + sure[1] * near_told + sure[2] * covered[0] + sure[3] * covered[1]
    of_told = _SURE_TOLD[0] * near_told + _SURE_TOLD[1] * covered[1]
    confidence = np.where(asked, np.maximum(of_asked, near_asked - _NEAR), of_told)
    return PassageScores(order.astype(np.float32), confidence.astype(np.float32))


def _by_words(asked: NDArray[np.bool_], best: tuple[Scores, Scores], covered: tuple[Scores, Scores]) -> PassageScores:
    order = np.where(asked, 0.4 * best[0] + 0.6 * best[1], best[1])
    confidence = _WORDS_ALONE * np.where(asked, (covered[0] + 2 * covered[1]) / 3, covered[1])
    return PassageScores(order.astype(np.float32), confidence.astype(np.float32))


def _scale(scores: Scores, whole: float) -> Scores:
    """Return scores as shares of the best, or of what a passage should have that covers some of the question."""
    most = max(float(scores.max(initial=0.0)), _POOR * whole)
    return scores / most if most > 0 else scores

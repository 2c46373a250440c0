"""Finding passages: the best for a question among those that may be offered, or none where none is near enough."""

from collections.abc import Collection, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from crews.knowledge.cutting.sentences import tokens
from crews.knowledge.index.index import Index
from crews.knowledge.index.vectors import Floats
from crews.knowledge.passage import Hit, Passage
from crews.knowledge.search.scoring import PassageScores, Scorable, score

TOP: Final = 5
_CONTEXT: Final = 0.8
"""What a passage counts that is near to the question with its context, beside near to the question alone."""

Asked = tuple[str, Floats | None]
"""A text and its embedding, None where there is none."""


class Offerable(Protocol):
    """The part of an index that tells which passages may be offered."""

    @property
    def places(self) -> tuple[tuple[tuple[str, str], ...], NDArray[np.int32]]:
        """Return the sources there are, name and place, and which of them each passage is of."""
        ...

    @property
    def expires(self) -> NDArray[np.float64]:
        """Return when each passage is offered no more, unix seconds."""
        ...


class Rankable(Scorable, Offerable, Protocol):
    """An index whose passages can be ranked."""

    @property
    def size(self) -> int:
        """Return the number of passages."""
        ...


class Readable(Protocol):
    """An index whose passages can be read. `owners`: the document of each."""

    @property
    def owners(self) -> NDArray[np.int32]:
        """The document of each passage."""
        ...

    def passage(self, number: int) -> Passage:
        """Return a passage by its place."""
        ...


def find(
    index: Index, asked: Sequence[Asked], allowed: Collection[tuple[str, str]], now: float, top: int = TOP
) -> tuple[Hit, ...]:
    """Return the `top` best passages, best first; empty where none of them is trusted enough.

    Args:
        index: what is gone through.
        asked: the question, and perhaps the question with what was said before it.
        allowed: the sources, by name and place, whose passages may be offered.
        now: unix seconds; what has expired is not offered.
        top: how many at most.
    """
    kept = near_enough(index, asked, allowed, now, top)
    return tuple(Hit(passage=index.passage(number), score=round(one, 4), number=number) for number, one in kept)


def near_enough(
    index: Rankable, asked: Sequence[Asked], allowed: Collection[tuple[str, str]], now: float, top: int = TOP
) -> list[tuple[int, float]]:
    """Return the places of the passages that `find` returns, and the confidence of each."""
    found, scored = rank(index, asked, allowed, now, top)
    sure = [float(scored.confidence[number]) for number in found]
    if not sure or max(sure) < index.tuning.floor:
        return []
    return [(number, one) for number, one in zip(found, sure, strict=True) if one >= index.tuning.floor / 2]


def rank(
    index: Rankable, asked: Sequence[Asked], allowed: Collection[tuple[str, str]], now: float, top: int = TOP
) -> tuple[list[int], PassageScores]:
    """Return the places of the best passages whether they are near enough or not, and all scores."""
    if not index.size or not asked:
        nothing = np.zeros(index.size, np.float32)
        return [], PassageScores(nothing, nothing)
    scored = [score(index, text, vector) for text, vector in asked]
    order, confidence = scored[0].order, scored[0].confidence
    for further in scored[1:]:
        order = np.maximum(order, _CONTEXT * further.order)
        confidence = np.maximum(confidence, _CONTEXT * further.confidence)
    order = np.where(offerable(index, allowed, now), order, -1)
    some = min(top, index.size)
    nearest = np.argpartition(order, -some)[-some:]
    nearest = nearest[np.lexsort((nearest, -order[nearest]))]
    return [int(each) for each in nearest if order[each] > 0][:top], PassageScores(order, confidence)


def offerable(index: Offerable, allowed: Collection[tuple[str, str]], now: float) -> NDArray[np.bool_]:
    """Return which passages may be offered at a moment, unix seconds."""
    known, numbers = index.places
    may = np.array([each in allowed for each in known] or [False])
    found: NDArray[np.bool_] = may[numbers] & (index.expires > now)
    return found


def with_neighbours(index: Readable, hits: Sequence[Hit], budget: int) -> tuple[Passage, ...]:
    """Return the passages found and, while `budget` tokens allow, those before and after each in its document.

    Best first; the neighbours of a passage stand around it in their own order. Of several passages with the very same
    words the first is enough.
    """
    hits = distinct(hits)
    taken = {hit.number for hit in hits}
    left = budget - sum(tokens(hit.passage.text) for hit in hits)
    around: dict[int, list[int]] = {hit.number: [hit.number] for hit in hits}
    for hit in hits:
        for number in (hit.number + 1, hit.number - 1):
            same = 0 <= number < len(index.owners) and index.owners[number] == index.owners[hit.number]
            if not same or number in taken:
                continue
            cost = tokens(index.passage(number).text)
            if cost <= left:
                left -= cost
                taken.add(number)
                around[hit.number].append(number)
    return tuple(index.passage(number) for hit in hits for number in sorted(around[hit.number]))


def distinct(hits: Sequence[Hit]) -> list[Hit]:
    """Return the first of those that have the very same words."""
    first: dict[tuple[str, tuple[str, ...]], Hit] = {}
    for hit in hits:
        first.setdefault((hit.passage.text, hit.passage.questions), hit)
    return list(first.values())

"""A lexical index in arrays: BM25 over the terms of short texts.

Terms are kept as 64-bit digests, sorted, so that an index of 50,000 passages holds no strings; two terms of a million
meet in one digest about once in forty million indexes.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crews.knowledge.index.common import is_common
from crews.knowledge.index.terms import count_terms, stems_of_words

Scores: TypeAlias = NDArray[np.float32]

K1: Final = 1.2
B: Final = 0.75
AS_WRITTEN: Final = 0.3
"""What a word counts as it is written, beside its stem."""
COMMON: Final = 0.5
"""What a word counts that says little in any text; a small index cannot tell that from its own texts."""
ELSEWHERE: Final = 50
"""Texts without the term that are thought of beside those of the index: in a handful every word is in most."""
OFTEN: Final = 5_000
"""Texts that a term is in from which it is passed over, if it is common or in more than half of all texts."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`digests`: of the terms, sorted. `starts`: where the postings of each begin, one more at the end.

    `owners`, `weights`: of each posting, which text it is of and what it adds to its score. `rarity`: of each term.
    `size`: how many texts. `unseen`: the rarity of a term that no text has.
    """

    digests: NDArray[np.uint64]
    starts: NDArray[np.int64]
    owners: NDArray[np.int32]
    weights: NDArray[np.float16]
    rarity: NDArray[np.float32]
    size: int
    languages: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Return the memory of its arrays."""
        return sum(each.nbytes for each in (self.digests, self.starts, self.owners, self.weights, self.rarity))

    def scores(self, question: str) -> tuple[Scores, float]:
        """Return each text's BM25 score for a question, and what a text would have that held each term once.

        Their ratio tells how much of a question a text covers, whatever the length of both.
        """
        found = np.zeros(self.size, np.float32)
        whole = 0.0
        missing: set[str] = set()
        unseen = _rarity(self.size, 0)
        for term in count_terms(question, self.languages):
            at = int(np.searchsorted(self.digests, np.uint64(_digest(term))))
            if at >= len(self.digests) or self.digests[at] != _digest(term):
                missing.add(term)
                continue
            first, last = self.starts[at], self.starts[at + 1]
            if last - first > OFTEN and (_weight(term) <= COMMON or 2 * (last - first) > self.size):
                continue  # in a large index, long to add up and next to nothing told
            found[self.owners[first:last]] += self.weights[first:last]  # an owner occurs once in a term's postings
            whole += float(self.rarity[at])
        if missing and len(self.languages) > 1:  # a word is missing where no language's stem of it is there
            for stems in stems_of_words(question, self.languages):
                missing -= set() if missing.issuperset(stems) else set(stems)
        return found, whole + unseen * sum(map(_weight, missing))


def digests_of(text: str, languages: Iterable[str]) -> list[int]:
    """Return the digests of a text's terms, as a lexicon of these languages keeps them."""
    return [_digest(term) for term in count_terms(text, languages)]


def common_digests_of(text: str, languages: Iterable[str]) -> list[int]:
    """Return the digests of those of a text's terms that are passed over where more than OFTEN texts have them."""
    return [_digest(term) for term in count_terms(text, languages) if _weight(term) <= COMMON]


def build(texts: Sequence[str], languages: Iterable[str]) -> Lexicon:
    """Index texts; an empty one is found by nothing."""
    spoken = tuple(sorted({each[:2] for each in languages}))
    counted = [count_terms(text, spoken) for text in texts]
    lengths = np.array([sum(number for term, number in each.items() if term[0] != "=") for each in counted], np.float32)
    average = float(lengths[lengths > 0].mean()) if (lengths > 0).any() else 1.0
    postings: dict[str, list[tuple[int, int]]] = {}
    for owner, each in enumerate(counted):
        for term, number in each.items():
            postings.setdefault(term, []).append((owner, number))
    names = sorted(postings, key=_digest)
    total = sum(map(len, postings.values()))
    starts = np.zeros(len(names) + 1, np.int64)
    owners, weights = np.empty(total, np.int32), np.empty(total, np.float16)
    rarity = np.empty(len(names), np.float32)
    norms = K1 * (1 - B + B * lengths / average)
    for at, name in enumerate(names):
        pairs = np.array(postings[name], np.int64)
        first, last = int(starts[at]), int(starts[at]) + len(pairs)
        starts[at + 1] = last
        often = pairs[:, 1].astype(np.float32)
        rarity[at] = _weight(name) * _rarity(len(texts), len(pairs))
        owners[first:last] = pairs[:, 0]
        weights[first:last] = rarity[at] * often * (K1 + 1) / (often + norms[pairs[:, 0]])
    digests = np.array([_digest(name) for name in names], np.uint64)
    return Lexicon(digests, starts, owners, weights, rarity, len(texts), spoken)


def _rarity(size: int, having: int) -> float:
    """Return how much a term tells that so many of the texts have."""
    return math.log(1 + (size + ELSEWHERE - having + 0.5) / (having + 0.5))


@lru_cache(maxsize=65_536)
def _digest(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "big")


@lru_cache(maxsize=65_536)
def _weight(term: str) -> float:
    """Return what a term counts, before how rare it is in the texts."""
    written = term[0] == "="
    return (AS_WRITTEN if written else 1.0) * (COMMON if is_common(term.removeprefix("=")) else 1.0)

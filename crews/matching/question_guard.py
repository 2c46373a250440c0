"""The guard between two questions that an encoder finds alike: what counts must be the same on both sides. Pure.

To an encoder "with" and "without", Monday and Tuesday, order 48213 and 48231 are nearly one. The guard reads what a
question asks for, its numbers, negations, names and opposites, and the words that are left; where any of these
differs, the two are two questions. It knows the words of the languages in words.yaml, and lets nothing pass in others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from chatwootai.model.text.normalize import normalized_words
from config.settings.answers import normalise_question
from crews.matching.vocabulary import stem_of, vocabulary

_READ: Final = 8192
"""Questions whose reading is remembered: those that tenants wrote, mostly."""
_DIGIT: Final = re.compile(r"\d")
_CAPITAL: Final = re.compile(r"(?<=[\w,;)] )[A-ZÀ-ÖØ-Þ]\w+")
"""A word with a capital in the middle of a sentence."""
_OPEN: Final = frozenset({"how"})
"""Kinds that may be asked for unsaid: "I want to return this" asks how."""
_LOOSE: Final = frozenset({"share", "start", "give", "open"})
"""Opposites that must not contradict each other, and may be named on one side alone."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Details of a question that must be the same in another, for both to have one answer.

    `kinds`: what is asked for; `poles`: of each pair of opposites, what is named; `names`: words that stand for one
    thing among several alike; `capitals`: words written as names; `said`: all words; `left`: the terms that remain,
    each with its word.
    """

    numbers: tuple[str, ...] = ()
    negated: bool = False
    happened: bool = False
    kinds: frozenset[str] = frozenset()
    poles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    capitals: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing of it could tell it from other questions."""
        return not (self.kinds or self.poles or self.names or self.left or self.numbers)


def difference(one: Reading, other: Reading) -> str | None:
    """Return what differs between two questions, in a word; None where nothing does but the words that are left."""
    for what in ("numbers", "negated", "happened", "names"):
        if getattr(one, what) != getattr(other, what):
            return what
    if not (one.capitals <= other.said and other.capitals <= one.said):
        return "names"
    kinds = one.kinds - _OPEN, other.kinds - _OPEN
    if kinds[0] != kinds[1] and not kinds[0] & kinds[1]:
        return "kinds"
    for axis in one.poles.keys() | other.poles.keys():
        mine, theirs = one.poles.get(axis), other.poles.get(axis)
        if mine != theirs and (axis not in _LOOSE or (mine and theirs)):
            return axis
    return None


def unmatched(one: Reading, other: Reading) -> tuple[list[str], list[str]]:
    """Return the words of each question that have no like in the other."""
    return (
        [word for term, word in one.left.items() if term not in other.left],
        [word for term, word in other.left.items() if term not in one.left],
    )


def is_opposite(one: str, other: str) -> bool:
    """Tell whether a word is another with something before it, which mostly turns it round: "safe", "unsafe"."""
    return one != other and (one.endswith(other) or other.endswith(one))


@lru_cache(_READ)
def reading(text: str, language: str) -> Reading | None:
    """Return what counts in a question; None in a language whose words are not known here."""
    known = vocabulary(language[:2])
    if known is None:
        return None
    words = known.rephrased(normalise_question(text)).split()
    stems = {word: stem_of(word, known.language) for word in words}
    found = frozenset(stems.values())
    poles: dict[str, set[str]] = {}
    for stem in found:
        for axis, pole in known.poles.get(stem, ()):
            poles.setdefault(axis, set()).add(pole)
    kinds = frozenset(known.kinds[stem] for stem in found if stem in known.kinds)
    counted = [known.numbers.get(word, word) for word in words if word in known.numbers or _DIGIT.search(word)]
    return Reading(
        numbers=tuple(sorted(counted)),
        negated=bool(found & known.negation),
        happened=any(map(known.past.search, words)),
        kinds=kinds,
        poles={axis: frozenset(each) for axis, each in poles.items()},
        names=found & known.names,
        capitals=_capitals(text),
        said=frozenset(normalized_words(text)),
        left={
            known.same.get(stem, stem): word
            for word, stem in stems.items()
            if known.is_content(stem, kinds) and word not in known.numbers and not _DIGIT.search(word)
        },
    )


def _capitals(text: str) -> frozenset[str]:
    if text == text.upper():
        return frozenset()
    return frozenset(word for each in _CAPITAL.findall(text) for word in normalized_words(each))

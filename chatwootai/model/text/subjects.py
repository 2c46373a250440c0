"""Finds the subject of a contact's message, where people must answer whatever a model makes of it: by phrases. Pure.

A phrase is words as they are said, without regard to case, accents and signs. `|` parts words that do alike, `*` ends
a word that may go on, ` ... ` stands for up to twelve words: `cobrad*|cobraram ... duas vezes|em dobro`. A phrase does
not count after a "no" (`não fui cobrado duas vezes`).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from chatwootai.model.text.normalize import normalize

GAP: Final = " ... "
_BETWEEN: Final = 12
_LONGEST: Final = 4_000
"""Characters that are looked at."""
# Portuguese `no` is "in the": it denies what stands right behind it, and nothing else.
_NOT: Final = re.compile(
    r"\b(?:(?:nao|nunca|nem|sem|not|never|don t|didn t|wasn t|without|sin|jamas)(?: \w+)?|no|ni) $"
)


def matching_subject(text: str, subjects: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Return the first subject that a message is about, and the words that say so, folded; None: none of them."""
    said = f"{normalize(text[:_LONGEST])} "
    for name, phrases in subjects.items():
        for phrase in phrases:
            pattern = _compile(phrase)
            found = next((each for each in pattern.finditer(said) if _is_meant(said, each)), None) if pattern else None
            if found:
                return name, found[0].strip()
    return None


def is_readable(phrase: str) -> bool:
    """Return whether a phrase says anything: each side of a gap and of a `|` has a word."""
    return _compile(phrase) is not None


def _is_meant(said: str, found: re.Match[str]) -> bool:
    return not _NOT.search(said[: found.start()]) and not _NOT.search(said[: found.start("last")])


@lru_cache(maxsize=4096)
def _compile(phrase: str) -> re.Pattern[str] | None:
    parts = [[_alternative(each) for each in part.split("|")] for part in phrase.split(GAP)]
    if not all(each for part in parts for each in part):
        return None
    *before, last = ["|".join(part) for part in parts]
    gap = rf" (?:\S+ ){{0,{_BETWEEN}}}?"
    head = "".join(rf"(?:{part}){gap}" for part in before)
    return re.compile(rf"(?<!\S){head}(?P<last>{last})(?= )")


def _alternative(words: str) -> str:
    """Return one alternative as a pattern of folded words; empty: there is no word in it."""
    pieces = [(normalize(word), word.endswith("*")) for word in words.split()]
    if not pieces or not all(folded for folded, _ in pieces):
        return ""
    return " ".join(re.escape(folded) + (r"\S*" if open_ended else "") for folded, open_ended in pieces)

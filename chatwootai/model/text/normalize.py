"""Text made comparable: without case, accents and signs. Pure.

Everything here takes time in proportion to what it is given, and looks at LONGEST characters at most.
"""

import re
from functools import lru_cache
from typing import Final

from chatwootai.model.text.marks import without_accents, words

LONGEST: Final = 32_000
"""Characters of one text that are looked at, remembered and shown to a model. No channel carries more."""

_LIGATURES: Final = 200
"""Characters by which a text may more than double where it is spelled out: one may stand for eighteen."""
_SHORT: Final = 1_000
"""Characters of a text whose words are kept for a while: a dozen rules look at one message and one draft each."""
_CLAUSE: Final = re.compile(r"[.,;:!?¡¿…()\n]+")
_CUT: Final = "\n[…]\n"


def abridge(text: str, most: int = LONGEST) -> str:
    """Return a text of `most` characters at most: a long one's first three quarters and its end."""
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end - len(_CUT)]}{_CUT}{text[len(text) - end :]}"


def normalize(text: str) -> str:
    """Lower case, without accents, words parted by one space: "Não dá!" is "nao da".

    What is an accent depends on the script (marks.py): "तेल" and "तिल" are two words, "avó" and "avo" are one.
    """
    return " ".join(normalized_words(text))


def normalized_words(text: str) -> list[str]:
    """Return the words of a text as `normalize` writes them."""
    return list(_kept_words(text)) if len(text) <= _SHORT else _fold(text)


def clauses(text: str) -> tuple[str, ...]:
    """Return the folded pieces between signs, none of them empty."""
    return _kept_clauses(text) if len(text) <= _SHORT else _split_clauses(text)


def _fold(text: str) -> list[str]:
    text = text[:LONGEST]
    bare = without_accents(text)[: 2 * len(text) + _LIGATURES]
    return words(bare.casefold())


def _split_clauses(text: str) -> tuple[str, ...]:
    return tuple(" ".join(found) for found in map(_fold, _CLAUSE.split(text[:LONGEST])) if found)


@lru_cache(maxsize=512)
def _kept_words(text: str) -> tuple[str, ...]:
    return tuple(_fold(text))


@lru_cache(maxsize=256)
def _kept_clauses(text: str) -> tuple[str, ...]:
    return _split_clauses(text)


def are_similar(one: str, other: str, share: float) -> bool:
    """Return whether two texts say about the same: a share of their words in common, and the very same numbers."""
    first, second = set(normalized_words(one)), set(normalized_words(other))
    if not first or _numbers(first) != _numbers(second):
        return False
    return len(first & second) >= share * len(first | second)


def _numbers(words: set[str]) -> set[str]:
    return {word for word in words if any(each.isdigit() for each in word)}

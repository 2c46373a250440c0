"""Text made comparable: without case, accents and signs. Pure."""

import re
import unicodedata
from typing import Final

_CLAUSE: Final = re.compile(r"[.,;:!?¡¿…()\n]+")
_WORD: Final = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case, without accents, words parted by one space: "Não dá!" is "nao da"."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(_WORD.findall(bare.casefold()))


def clauses(text: str) -> tuple[str, ...]:
    """The folded pieces between signs, none of them empty."""
    return tuple(piece for piece in map(fold, _CLAUSE.split(text)) if piece)


def alike(one: str, other: str, share: float) -> bool:
    """Whether two texts say about the same: a share of their words in common, and the very same numbers."""
    first, second = set(fold(one).split()), set(fold(other).split())
    if not first or _numbers(first) != _numbers(second):
        return False
    return len(first & second) >= share * len(first | second)


def _numbers(words: set[str]) -> set[str]:
    return {word for word in words if any(each.isdigit() for each in word)}

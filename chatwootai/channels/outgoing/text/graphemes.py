"""Finds where a text may be cut without breaking what a reader takes for one character.

A simple form of Unicode's extended grapheme clusters (UAX 29): marks, joiners, emoji with skin tones and in families,
flags, Hangul syllables. The scripts whose rules it leaves out are cut between whole characters all the same.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

_JOINER: Final = "\u200d"
_EXTENDING: Final = frozenset({"Mn", "Me", "Mc"})


def graphemes(text: str) -> Iterator[str]:
    """Cut a text into clusters, whose concatenation is the text."""
    cluster = ""
    for char in text:
        if cluster and not _joins(cluster, char):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _joins(cluster: str, char: str) -> bool:
    last = cluster[-1]
    return (
        _JOINER in {last, char}
        or unicodedata.category(char) in _EXTENDING
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # tags, as in the flags of Wales and Scotland
        or (_flag(char) and len(cluster) == 1 and _flag(last))
        or (_jamo(last) and "\u1160" <= char <= "\u11ff")
    )


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _jamo(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff" or "\uac00" <= char <= "\ud7a3"

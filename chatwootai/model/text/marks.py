"""Combining marks: how many may stand in a row, which are accents, and which are part of a word. Pure.

`unicodedata.normalize` sorts each run of marks by insertion: a run of 100,000, which fits into one message, takes
seconds. So no text is normalised before its runs were shortened, and nothing outside this module normalises.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

MOST_IN_A_ROW: Final = 16
"""No script stacks as many: Tibetan comes to eight, pointed Hebrew to five."""

Ranges = tuple[tuple[int, int], ...]

# Where Unicode has marks: looked through at import, so that they are those of the Python that normalises.
_BLOCKS: Final[Ranges] = ((0x300, 0x1E00), (0x2000, 0x3100), (0xA600, 0xAC00), (0xFB00, 0xFF00))
_HIGH_BLOCKS: Final[Ranges] = (
    (0x10100, 0x10400), (0x10A00, 0x10F90), (0x11000, 0x12000), (0x13400, 0x13500), (0x16100, 0x17000),
    (0x1BC00, 0x1BD00), (0x1CF00, 0x1D300), (0x1DA00, 0x1E950),
)  # fmt: skip
# One range for all that is beyond the first plane, where a class of many ranges would be slow.
_HIGH: Final[Ranges] = ((0x10100, 0x1E950), (0xE0100, 0xE01F0))

# Accents of Latin, Greek and Cyrillic letters: a word is the same with and without them. Elsewhere a mark is a vowel,
# or makes another consonant: Indic and South-East Asian signs, the two sound marks of Japanese.
_ACCENTS: Final[Ranges] = (
    (0x300, 0x370), (0x483, 0x48A), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0x2DE0, 0x2E00),
    (0xA66F, 0xA67E), (0xA69E, 0xA6A0), (0xFE20, 0xFE30),
)  # fmt: skip
# Vowel points of Hebrew, Arabic and Syriac, which nearly nobody types, and hamza and madda, which many leave out.
_POINTS: Final[Ranges] = (
    (0x591, 0x5C8), (0x610, 0x61B), (0x64B, 0x660), (0x670, 0x671), (0x6D6, 0x6EE), (0x711, 0x712), (0x730, 0x74B),
    (0x898, 0x8A0), (0x8CA, 0x900),
)  # fmt: skip
# No letters, but what shapes those around: soft hyphen, kashida, joiners, variation selectors.
_SHAPING: Final[Ranges] = (
    (0xAD, 0xAE), (0x640, 0x641), (0x200C, 0x200E), (0x2060, 0x2061), (0xFE00, 0xFE10), (0xE0100, 0xE01F0),
)  # fmt: skip
_STRUCK: Final = str.maketrans("đĐłŁøØħĦı", "dDlLoOhHi")
"""Accented letters to people, letters of their own to Unicode."""


def _characters(ranges: Ranges) -> Iterator[str]:
    return (chr(code) for first, behind in ranges for code in range(first, behind))


def _is_mark(character: str) -> bool:
    # The halfwidth sound marks of Japanese are letters by category, and marks once they are decomposed.
    return unicodedata.category(character) in {"Mn", "Mc", "Me"} or character in "\uff9e\uff9f"


def _class(characters: Iterable[str]) -> str:
    """Write characters as the inside of a regular expression's class."""
    found: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if found and found[-1][1] == code:
            found[-1][1] = code + 1
        else:
            found.append([code, code + 1])
    return _span(tuple((first, behind) for first, behind in found))


def _span(ranges: Ranges) -> str:
    return "".join(f"{chr(first)}-{chr(behind - 1)}" for first, behind in ranges)


_MARKS: Final = frozenset(filter(_is_mark, _characters(_BLOCKS))) | {"\uff9e", "\uff9f"}
_HIGH_MARKS: Final = frozenset(filter(_is_mark, _characters(_HIGH_BLOCKS)))
_LETTERS: Final = (_MARKS | _HIGH_MARKS) - frozenset(_characters(_ACCENTS + _POINTS + _SHAPING))
_RUN: Final = re.compile(f"[{_class(_MARKS)}{_span(_HIGH)}]{{{MOST_IN_A_ROW + 1},}}")
_LEFT_OUT: Final = re.compile(f"[{_span(_ACCENTS + _POINTS + _SHAPING)}]+")
_IS_STRUCK: Final = re.compile(f"[{''.join(map(chr, _STRUCK))}]")
_WORD: Final = re.compile(f"\\w[\\w{_class(_LETTERS)}]*")


def limited(text: str) -> str:
    """Leave out all but the first MOST_IN_A_ROW of marks that stand in a row."""
    return text if _is_latin_1(text) else _RUN.sub(_shorten, text)


def _is_latin_1(text: str) -> bool:
    """Tell whether all characters are below U+0100, where no mark is: most texts, and told without a search."""
    return text.isascii() or len(text.encode("latin-1", "ignore")) == len(text)


def _shorten(run: re.Match[str]) -> str:
    if max(run[0]) < chr(_HIGH[0][0]):
        return run[0][:MOST_IN_A_ROW]
    kept: list[str] = []
    row = 0
    for character in run[0]:  # not all of them need be marks: the high range holds letters too
        row = row + 1 if _is_mark(character) else 0
        if row <= MOST_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


def composed(text: str) -> str:
    """Return a text in NFC, its runs of marks limited."""
    return text if text.isascii() else unicodedata.normalize("NFC", limited(text))


def compatible(text: str) -> str:
    """Return a text in NFKC, where signs that look alike are one; its runs of marks limited."""
    return text if text.isascii() else unicodedata.normalize("NFKC", limited(text))


def without_accents(text: str) -> str:
    """Return a text in NFKD, without accents, vowel points and what only shapes glyphs; its runs of marks limited."""
    if text.isascii():
        return text
    bare = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", limited(text)))
    return bare.translate(_STRUCK) if _IS_STRUCK.search(bare) else bare


def words(text: str) -> list[str]:
    """Cut a text without accents into its words: letters, digits, and the marks that are part of them."""
    return _WORD.findall(text.replace("_", " "))

"""Finds what a text recites in disguise: spaced or numbered letters, look-alikes, backwards, shifted, encoded. Pure.

Compared are letters alone, without signs, spaces and numbers, so that it does not matter what stands between them.
"""

import base64
import codecs
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final
from urllib.parse import unquote

from chatwootai.model.text.marks import without_accents
from chatwootai.model.text.normalize import LONGEST

_RUN: Final = 48
"""Letters in a row that nobody writes by chance: about nine words."""
_STEP: Final = 8
_NO_LETTER: Final = re.compile(r"[\W\d_]+")
_ALIKE: Final = str.maketrans("аеорсухіјѕԁһԛԝтαεορνικτl", "aeopcyxijsdhqwtaeopvikti")
"""Cyrillic and Greek letters that look like Latin ones; an `l` counts as an i, since 1 stands for both."""
_DIGITS: Final = str.maketrans("0134578@$", "oieastbas")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}(?:\s[A-Za-z0-9+/_-]{24,}){0,40}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}[\s:,]?){24,4000}", re.IGNORECASE)
_MOST_ENCODED: Final = 20


def recites_in_disguise(text: str, instructions: Iterable[str], known: Iterable[str]) -> bool:
    """Return whether a reading of `text` has a run of letters out of `instructions` that stands in nothing `known`."""
    text = text[:LONGEST]
    readings = [letters for each in _readings(text) if len(letters := _letters(each)) >= _RUN]
    read = "\n".join(readings)  # runs are of letters alone: none goes from one reading to the next
    found = {run for told in instructions for run in _runs_of(told) if run in read}
    for each in known:
        if not found:
            break
        bare = _letters(each)
        found = {run for run in found if run not in bare}
    return bool(found)


def _readings(text: str) -> Iterator[str]:
    yield text
    yield text[::-1]
    yield codecs.decode(text, "rot13")
    yield text.translate(_DIGITS)
    if "%" in text:
        yield unquote(text, errors="replace")
    yield from _decode(text)


def _decode(text: str) -> Iterator[str]:
    for found in islice(_ENCODED.finditer(text), _MOST_ENCODED):
        packed = re.sub(r"[\s=]", "", found[0]).translate(str.maketrans("-_", "+/"))
        packed = packed[: len(packed) - (len(packed) % 4 == 1)]
        yield base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8", "ignore")
    for found in islice(_HEX.finditer(text), _MOST_ENCODED):
        yield bytes.fromhex(re.sub(r"[^0-9a-fA-F]", "", found[0])).decode("utf-8", "ignore")


def _letters(text: str) -> str:
    bare = without_accents(text[:LONGEST])[: 2 * LONGEST].casefold()
    return _NO_LETTER.sub("", bare.translate(_ALIKE))


@lru_cache(maxsize=64)
def _runs_of(instructions: str) -> tuple[str, ...]:
    """Return runs that lie close enough for a few words more than one to hold one whole; none across two lines."""
    lines = map(_letters, instructions[: 4 * LONGEST].splitlines())
    return tuple(line[at : at + _RUN] for line in lines for at in range(0, len(line) - _RUN + 1, _STEP))

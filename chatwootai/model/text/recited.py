"""Whether a text recites another, or itself: runs of words, in linear time. Pure."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from chatwootai.model.text.words import fold

RUN: Final = 8
"""Words in a row that nobody writes by chance."""
_SIGNS: Final = 2 * RUN
"""As many signs, in scripts that put no space between words."""
_UNSPACED: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese."""
_SIGN: Final = re.compile(rf"[{_UNSPACED}]")
_TOKEN: Final = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_WINDOW: Final = 6
_LEAST: Final = 20
_TAIL: Final = 60
_FRESH: Final = 0.45
"""A text of whose runs of words fewer are new goes round in circles."""
_PERIODS: Final = range(1, 13)
_TURNS: Final = 4
_LONG: Final = 12
_LETTERS: Final = re.compile(r"([^\W_].{0,15}?)\1{39}")
_LAST_LETTERS: Final = 2000
"""Where a text without words that turns would be turning: looked at for little."""

Runs = frozenset[tuple[str, ...]]


def recites(text: str, instructions: Iterable[str], known: Iterable[str]) -> bool:
    """Whether `text` has a run of words out of `instructions` that stands in nothing `known`."""
    words = _words(text)
    length = _length(words)
    theirs = _runs(words, length)
    told = {run for each in instructions for run in theirs & _runs_of(each, length)}
    return bool(told) and bool(told - _all(known, length))


def circles(text: str) -> bool:
    """Whether a text says the same again and again, as a model does that cannot end."""
    words = _words(text)
    if any(_turning(words, period) for period in _PERIODS):
        return True
    return _stale(words) or _stale(words[-_TAIL:]) or _LETTERS.search(text[-_LAST_LETTERS:]) is not None


def _turning(words: Sequence[str], period: int) -> bool:
    """Whether `period` words come `_TURNS` times in a row, and are `_LONG` words at least."""
    same, enough = 0, max(period * (_TURNS - 1), _LONG - period)
    for place in range(period, len(words)):
        same = same + 1 if words[place] == words[place - period] else 0
        if same >= enough:
            return True
    return False


def _stale(words: Sequence[str]) -> bool:
    runs = [tuple(words[place : place + _WINDOW]) for place in range(len(words) - _WINDOW + 1)]
    return len(words) >= _LEAST and len(set(runs)) < _FRESH * len(runs)


def _words(text: str) -> list[str]:
    return [token for word in fold(text).split() for token in _TOKEN.findall(word)]


def _length(words: Sequence[str]) -> int:
    signs = sum(1 for word in words if _SIGN.match(word))
    return _SIGNS if 2 * signs > len(words) else RUN


def _runs(words: Sequence[str], length: int) -> Runs:
    return frozenset(tuple(words[place : place + length]) for place in range(len(words) - length + 1))


def _all(texts: Iterable[str], length: int) -> set[tuple[str, ...]]:
    return {run for each in texts for run in _runs(_words(each), length)}


@lru_cache(maxsize=64)
def _runs_of(instructions: str, length: int) -> Runs:
    """The runs within each line: what ends one and begins the next stands together by chance. Kept by crew."""
    return frozenset(run for line in instructions.splitlines() for run in _runs(_words(line), length))

"""Finds texts that recite another, or themselves: runs of words, in linear time. Pure."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final

from chatwootai.model.text.normalize import LONGEST, normalized_words

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
_LETTERS: Final = re.compile(r"([^\W_].{0,15}?)\1{39}|([^\W_].{4,15}?)\2{14}")
_SIGNS_AGAIN: Final = re.compile(
    r"((?:[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]{1,8}?) ?)\1{23}|([^\w\s])\2{119}"
)
"""Emoji without end, and any other sign: a line may be drawn of signs, but not so long a one."""
_LIST_MARK: Final = re.compile(r"^[ \t]{0,8}(?:\d{1,3}[.)]|[-*•])[ \t]", re.MULTILINE)
_NUMBERS: Final = re.compile(r"\d+")
_COUNTED: Final = 30
"""Times that a text may say the same of one number after the other: no shop has as many slots, sizes or branches."""
_SHORT: Final = 1_000
"""Characters of a text whose words are kept: thousands of such come to a few megabytes."""
_FEW: Final = 64
_LAST_LETTERS: Final = 2000
"""Where a text without words that turns would be turning: looked at for little."""

Run = tuple[str, ...]
Runs = frozenset[Run]


def recites_instructions(text: str, instructions: Iterable[str], known: Iterable[str]) -> bool:
    """Return whether `text` has a run of words out of `instructions` that stands in nothing `known`."""
    words = _words(text)
    length = _length(words)
    theirs = _runs(words, length)
    told = {run for each in instructions for run in theirs & _runs_of(each, length)}
    for each in known:
        if not told:
            break
        told -= _runs_in(told, _known_words(each), length)
    return bool(told)


def _runs_in(runs: AbstractSet[Run], words: str, length: int) -> AbstractSet[Run]:
    """Return those of the runs that stand in a text; few are looked for one by one, which is quicker."""
    if len(runs) <= _FEW:
        return {run for run in runs if f" {' '.join(run)} " in words}
    return runs & _runs(words.split(), length)


def repeats_itself(text: str) -> bool:
    """Return whether a text says the same again and again, as a model does that cannot end."""
    words = _words(_LIST_MARK.sub("", text[:LONGEST]))
    again = len(words) - len(set(words))  # no more of them can stand where the same stood before
    if any(_turning(words, _count_turned(period), period) for period in _PERIODS if again >= _count_turned(period)):
        return True
    last = text[-_LAST_LETTERS:]
    return (
        _stale(words)
        or _stale(words[-_TAIL:])
        or _counts(words)
        or (_may_turn(last) and _LETTERS.search(last) is not None)
        or _SIGNS_AGAIN.search(last) is not None
    )


def _may_turn(text: str) -> bool:
    """Return whether `_LETTERS` is worth a search: what it finds is 40 characters that come again within 16 of each."""
    return any(text.find(text[at : at + 8], at + 1, at + 24) > 0 for at in range(0, len(text) - 23, 16))


def _counts(words: Sequence[str]) -> bool:
    """Return whether a text says the same of one number after the other, without end."""
    if sum(map(str.isdigit, words)) < _COUNTED:
        return False
    masked = [_NUMBERS.sub("#", word) for word in words]
    turning = (_turning(masked, period * _COUNTED, period) for period in _PERIODS[1:])
    return len(set(masked)) > 1 and any(turning)


def _count_turned(period: int) -> int:
    """Return how many words must be those that stood `period` before, one after the other."""
    return max(period * (_TURNS - 1), _LONG - period)


def _turning(words: Sequence[str], enough: int, period: int) -> bool:
    """Return whether `enough` words in a row each stand `period` behind the same."""
    same = 0
    for place in range(period, len(words)):
        same = same + 1 if words[place] == words[place - period] else 0
        if same >= enough:
            return True
    return False


def _stale(words: Sequence[str]) -> bool:
    count = len(words) - _WINDOW + 1
    if len(words) < _LEAST or len(set(words[:count])) >= _FRESH * count:  # runs that begin differently are different
        return False
    return len({tuple(words[place : place + _WINDOW]) for place in range(count)}) < _FRESH * count


def _words(text: str) -> list[str]:
    words = normalized_words(text)
    if not any(map(_SIGN.search, words)):
        return words
    return [token for word in words for token in _TOKEN.findall(word)]


def _length(words: Sequence[str]) -> int:
    signs = sum(1 for word in words if _SIGN.match(word))
    return _SIGNS if 2 * signs > len(words) else RUN


def _runs(words: Sequence[str], length: int) -> Runs:
    return frozenset(tuple(words[place : place + length]) for place in range(len(words) - length + 1))


def _known_words(text: str) -> str:
    """Return the words of what may be repeated, a space around each: kept of short texts, most of which are facts."""
    return _kept_words(text) if len(text) <= _SHORT else _between_spaces(text)


@lru_cache(maxsize=2048)
def _kept_words(text: str) -> str:
    return _between_spaces(text)


def _between_spaces(text: str) -> str:
    return f" {' '.join(_words(text))} "


@lru_cache(maxsize=64)
def _runs_of(instructions: str, length: int) -> Runs:
    """Return the runs within each line: what ends one and begins the next stands together by chance. Kept by crew."""
    return frozenset(run for line in instructions.splitlines() for run in _runs(_words(line), length))

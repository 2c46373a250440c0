"""A question as it may be kept: what the guard reads of it, its words as keyed digests that nobody can read back."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from crews.matching.question_guard import Reading

_BYTES = 8


def with_digests(read: Reading, key: bytes) -> Reading:
    """Return a reading whose words are digests; two of them differ where what was read did."""

    def of(words: Iterable[str]) -> frozenset[str]:
        return frozenset(_digest(word, key) for word in words)

    return Reading(
        numbers=tuple(sorted(_digest(number, key) for number in read.numbers)),
        negated=read.negated,
        happened=read.happened,
        kinds=read.kinds,
        poles=read.poles,
        names=of(read.names),
        capitals=of(read.capitals),
        said=of(read.said),
        left=dict.fromkeys(of(read.left), ""),
    )


def pack_reading(read: Reading) -> list[Any]:
    """Return a reading as plain lists."""
    poles = {axis: sorted(each) for axis, each in read.poles.items()}
    sets = (read.kinds, read.names, read.capitals, read.said, read.left)
    return [list(read.numbers), read.negated, read.happened, poles, *map(sorted, sets)]


def unpack_reading(said: list[Any]) -> Reading:
    """Return what `pack_reading` made a list of.

    Raises:
        ValueError, TypeError: it is something else.
    """
    numbers, negated, happened, poles, kinds, names, capitals, words, left = said
    return Reading(
        numbers=tuple(numbers),
        negated=bool(negated),
        happened=bool(happened),
        kinds=frozenset(kinds),
        poles=_poles(poles),
        names=frozenset(names),
        capitals=frozenset(capitals),
        said=frozenset(words),
        left=dict.fromkeys(left, ""),
    )


def _poles(said: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    return {axis: frozenset(each) for axis, each in said.items()}


def _digest(word: str, key: bytes) -> str:
    return hmac.digest(key, word.encode("utf-8", "surrogatepass"), hashlib.sha256)[:_BYTES].hex()

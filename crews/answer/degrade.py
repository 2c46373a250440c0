"""Which way of answering to take, by the time that is left. Pure.

The steps of the ladder, best first: the whole crew, the crew in one call, either with a smaller model. Curated answers
and caches come before all of them; a sentence that asks for patience, and people, after.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Takes:
    """How long a way usually takes, and how long at worst 95 of 100 times, in seconds."""

    p50: float
    p95: float


def choose(left: float, ways: Sequence[Takes]) -> int:
    """The place in `ways` (best first) of the one to take with `left` seconds to go.

    The best that meets it 95 of 100 times; where none does, the quickest: late help is people's to give, not ours to
    withhold.
    """
    for place, way in enumerate(ways):
        if way.p95 <= left:
            return place
    return min(range(len(ways)), key=lambda place: ways[place].p50)

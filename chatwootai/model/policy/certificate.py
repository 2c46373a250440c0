"""Bounds how often an answer that was written for another question is wrong, as far as it has been seen. Pure.

A bet against "more than so many are wrong": who starts with 1 and multiplies it by 1 + λ(rate − x) for each answer (x
is 1 where it was wrong) comes to 20 with a chance of one in twenty at most, if more than `rate` are wrong. So a
certificate may be looked for after every single answer, which a bound for a fixed number of answers forbids.
"""

from math import exp, log1p
from typing import Final

_ENOUGH: Final = 20.0
"""What the bet must come to: one in twenty certificates may be wrong."""
_BOLDNESS: Final = 0.5
"""Share of what may be bet that is bet: 595 right answers without a wrong one show 1 %."""
_STEPS: Final = 40


def wealth(right: int, wrong: int, rate: float) -> float:
    """Return what the bet against a rate from 0 to 1 has come to. One wrong answer halves it."""
    stake = _BOLDNESS / (1 - rate)
    return exp(min(700.0, right * log1p(stake * rate) + wrong * log1p(-stake * (1 - rate))))


def is_certified(right: int, wrong: int, rate: float) -> bool:
    """Tell whether so many right and wrong answers show that fewer than `rate` are wrong, 19 times of 20."""
    return wealth(right, wrong, rate) >= _ENOUGH


def upper_bound(right: int, wrong: int) -> float:
    """Return the lowest rate that is certified; 1 where none is."""
    low, high = 0.0, 0.999
    if not is_certified(right, wrong, high):
        return 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_certified(right, wrong, middle) else (middle, high)
    return high


def needed(rate: float) -> int:
    """Return how many right answers without a wrong one certify a rate."""
    count = 1
    while not is_certified(count, 0, rate):
        count *= 2
    low = count // 2
    while count - low > 1:
        middle = (low + count) // 2
        low, count = (low, middle) if is_certified(middle, 0, rate) else (middle, count)
    return count

"""Bounds of a share that hold at every look, so that a trial may be looked at after each turn. Pure."""

from math import lgamma, log
from typing import Final

_STEPS: Final = 50
_LEAST: Final = 1e-12


def bounds(hits: int, total: int, chance: float) -> tuple[float, float]:
    """Return the lowest and the highest share, from 0 to 1, that so many hits of a total still speak for.

    With at most `chance` the true share ever leaves them, however often they are looked at: they hold the shares on
    which a mixture of all shares (Jeffreys' prior) has won less than 1 / `chance` so far (Ville's inequality).
    """
    if not total:
        return 0.0, 1.0
    found, most = hits / total, log(1 / chance)
    low = _edge(hits, total, most, found, 0.0) if hits else 0.0
    high = _edge(hits, total, most, found, 1.0) if hits < total else 1.0
    return low, high


def _edge(hits: int, total: int, most: float, inside: float, outside: float) -> float:
    """Return where the mixture's gain reaches `most`, between a share inside and an end of the scale."""
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if _gain(hits, total, middle) < most:
            inside = middle
        else:
            outside = middle
    return inside


def _gain(hits: int, total: int, share: float) -> float:
    """Return the logarithm of how much likelier the mixture makes what was counted than one share does."""
    share = min(max(share, _LEAST), 1 - _LEAST)
    mixture = _log_beta(hits + 0.5, total - hits + 0.5) - _log_beta(0.5, 0.5)
    return mixture - hits * log(share) - (total - hits) * log(1 - share)


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)

"""A measured figure, and the plain statistics that the entries share."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `against` says what it is compared with, `ratio` is value by that."""

    name: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None

    def shown(self) -> dict[str, Any]:
        """Return the figure as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def compared(name: str, unit: str, ours: Sequence[float], plain: Sequence[float], plainly: str) -> Figure:
    """Return the median of `ours`, by the median ratio of rounds measured in pairs with `plain`."""
    ratios = [our / other for our, other in zip(ours, plain, strict=True)]
    against = f"{plainly}: {rounded(statistics.median(plain))} {unit}"
    return Figure(name, rounded(statistics.median(ours)), unit, against, round(statistics.median(ratios), 3))


def best(
    name: str, unit: str, ours: Sequence[float], plain: Sequence[float], plainly: str, *, most: bool = False
) -> Figure:
    """Return the least of `ours` by the least of `plain` (the `most`): what a disturbance can only make worse."""
    pick = max if most else min
    our, other = pick(ours), pick(plain)
    return Figure(name, rounded(our), unit, f"{plainly}: {rounded(other)} {unit}", round(our / other, 3))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least value that `share` of all lie below or at."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def rounded(value: float) -> float:
    """Return three digits that mean something."""
    return float(f"{value:.3g}") if abs(value) < 1000 else float(round(value))

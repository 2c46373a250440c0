"""Rules that send a canary back: a share of its turns above a limit, or above what the version in force has. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chatwootai.model.canary.bounds import bounds

CHANCE: Final = 0.05
"""Chance that the rules together send a canary back that is no worse."""
_BASE: Final = "base"
_WRITTEN: Final = re.compile(r"(handoffs|failures|slow) ?> ?(?:(base)|(\d{1,2}(?:\.\d{1,2})?) ?%)")


class Measure(StrEnum):
    """Counts that both sides are compared by."""

    HANDOFFS = "handoffs"  # turns that went to people, of all turns
    FAILURES = "failures"  # turns that went to people since something did not work, of all turns
    SLOW = "slow"  # replies that took three seconds or longer, of all replies


@dataclass(frozen=True, slots=True)
class Share:
    """Hits out of a total."""

    hits: int = 0
    total: int = 0

    @property
    def value(self) -> float | None:
        """Return it from 0 to 1; None of nothing."""
        return self.hits / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Rule:
    """A measure that must not lie above a share from 0 to 1, or above the version in force (None)."""

    measure: Measure
    above: float | None = None

    def __str__(self) -> str:
        return f"{self.measure}>{_BASE if self.above is None else f'{100 * self.above:g}%'}"


def read_rule(text: str) -> Rule:
    """Return the rule that a text says: `handoffs>30%`, `failures>base`.

    Raises:
        ValueError: it says none.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no rule; write handoffs>30%, failures>base or slow>10%")
    return Rule(Measure(found[1]), None if found[2] else float(found[3]) / 100)


def broken_rule(
    rules: Sequence[Rule], canary: Mapping[Measure, Share], base: Mapping[Measure, Share]
) -> tuple[Rule, str] | None:
    """Return the first rule that the canary is shown to break, and what shows it; None: none so far.

    It is shown where the lowest share that speaks for the canary lies above the limit, or above the highest that
    speaks for the version in force. The rules share `CHANCE` among them.
    """
    for rule in rules:
        chance = CHANCE / len(rules)
        mine, others = canary[rule.measure], base[rule.measure]
        if rule.above is not None and bounds(mine.hits, mine.total, chance)[0] > rule.above:
            return rule, f"{rule.measure}: {_said(mine)}, more than {100 * rule.above:g} %"
        if rule.above is None and _is_higher(mine, others, chance):
            return rule, f"{rule.measure}: {_said(mine)}, with the version in force {_said(others)}"
    return None


def _is_higher(one: Share, other: Share, chance: float) -> bool:
    return bounds(one.hits, one.total, chance / 2)[0] > bounds(other.hits, other.total, chance / 2)[1]


def _said(share: Share) -> str:
    return f"{share.hits} of {share.total}"

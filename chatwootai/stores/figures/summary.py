"""Figures as people and programs read them: what the console's JSON and the analytics crew's tool say alike. Pure."""

from typing import Any, Final

from chatwootai.model.message.turn import Verdict
from chatwootai.stores.figures.day_counts import DayCounts
from chatwootai.stores.figures.ended_turn import NANO

MEDIAN: Final = 0.5
PROMISED_SHARE: Final = 0.95


def summary(counts: DayCounts) -> dict[str, Any]:
    """Return what was counted. `handoffs`: by cause; `under_3_s`: replies; seconds are of replies; `cost`: US dollars.

    Percentiles are right within one bucket of the histogram; None where nothing was replied.
    """
    return {
        "turns": counts.turns(),
        "replies": counts.turns(Verdict.REPLY),
        "handoffs": dict(counts.by_cause().most_common()),
        "silences": counts.turns(Verdict.SILENCE),
        "under_3_s": counts.fast,
        "p50_seconds": _rounded(counts.quantile(MEDIAN)),
        "p95_seconds": _rounded(counts.quantile(PROMISED_SHARE)),
        "served_by": dict(counts.served_by.most_common()),
        "tokens": counts.tokens,
        "cost": counts.cost / NANO,
    }


def percent(part: int, whole: int) -> float | None:
    """Return a share in percent, with one decimal; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

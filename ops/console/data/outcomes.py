"""Outcomes of an account's turns, or of all: by day, in sum, and of the period before."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from chatwootai.model.message.turn import Verdict
from chatwootai.stores.figures.day_counts import DayCounts, sum_counts
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.figures.summary import summary
from chatwootai.stores.server.connection import Connection


async def read_outcomes(connection: Connection, account: str | None, days: Sequence[date]) -> dict[str, Any]:
    """Return the figures of `days`, oldest first, as `GET /api/outcomes` has them; `previous`: of as many days before.

    Raises:
        StoreUnavailable: Redis is away.
    """
    before = [day - timedelta(days=len(days)) for day in days]
    found = await Figures(connection).days(account, [*before, *days])
    earlier, now = found[: len(before)], found[len(before) :]
    return {
        "account": account,
        "days": [{"date": day.isoformat(), **_shown(one)} for day, one in zip(days, now, strict=True)],
        "sum": _shown(sum_counts(now)),
        "previous": _shown(sum_counts(earlier)),
    }


def _shown(counts: DayCounts) -> dict[str, Any]:
    return {
        **summary(counts),
        "handed_over": counts.turns(Verdict.HANDOFF),
        "silences_by_reason": dict(counts.silences.most_common()),
        "channels": _channels(counts),
        "superseded": counts.superseded,
    }


def _channels(counts: DayCounts) -> dict[str, int]:
    found: dict[str, int] = {}
    for (_, channel), count in counts.outcomes.items():
        found[channel] = found.get(channel, 0) + count
    return dict(sorted(found.items(), key=lambda one: -one[1]))

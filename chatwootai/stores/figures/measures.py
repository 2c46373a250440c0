"""Measures by which a canary and the version in force are compared, read from counts of turns. Pure."""

from typing import Final

from chatwootai.model.canary.rules import Measure, Share
from chatwootai.model.message.turn import Verdict
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.stores.figures.day_counts import DayCounts

_FAILURES: Final = (Cause.MODEL, Cause.FAILED, Cause.UNFIT, Cause.UNREAD)
"""Causes that no contact and no tenant wished for."""


def measures(counts: DayCounts) -> dict[Measure, Share]:
    """Return each measure of what was counted."""
    turns, causes, replies = counts.turns(), counts.by_cause(), counts.turns(Verdict.REPLY)
    return {
        Measure.HANDOFFS: Share(counts.turns(Verdict.HANDOFF), turns),
        Measure.FAILURES: Share(sum(causes[cause] for cause in _FAILURES), turns),
        Measure.SLOW: Share(replies - counts.fast, replies),
    }

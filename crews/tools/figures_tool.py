"""The tool by which the people who run a company ask how its conversations went. Figures of their own account alone."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Final, Self

import orjson
from crewai.tools.base_tool import BaseTool
from pydantic import BaseModel, Field, PrivateAttr

from chatwootai.model.message.turn import Verdict
from chatwootai.stores.figures.day_counts import DayCounts, sum_counts
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.figures.summary import percent, summary
from chatwootai.stores.server.connection import StoreUnavailable
from crews.run_state.context import current

NAME: Final = "figures"
FUNCTION: Final = "analytics"
"""The one function whose crew may use it: its conversations are with the owner (`special_numbers`), not customers."""
_MOST_DAYS: Final = 92
_DAYS_ONE_BY_ONE: Final = 31
_TOLD_BY_DAY: Final = (Verdict.REPLY, Verdict.HANDOFF)
_NOT_HERE: Final = "These figures are for the people who run the company; they are not available in this conversation."
_AWAY: Final = "The figures cannot be read right now. Say so; do not estimate."


class _Period(BaseModel):
    first: date = Field(description="First day, as 2026-11-27.")
    last: date = Field(description="Last day, the same as the first for a single day.")


class FiguresTool(BaseTool):
    """Say what the account's turns came to in a period, and in the one before it."""

    kind: ClassVar[str] = "built_in"
    name: str = NAME
    description: str = (
        "How the company's conversations went in a period of days: how many the assistant answered, gave to people "
        "(by cause) or left, by channel and inbox, how fast, and the model's cost; with the period before, to compare."
    )
    args_schema: type[BaseModel] = _Period
    _figures: Figures | None = PrivateAttr(default=None)

    def reading(self, figures: Figures | None) -> Self:
        """Return the tool itself, which reads these from now on; None: it says that they cannot be read."""
        self._figures = figures
        return self

    def _run(self, **_: Any) -> Any:
        raise NotImplementedError("this tool answers asynchronously only")

    async def _arun(self, first: date, last: date) -> str:
        run = current.get()
        question = run.question if run is not None else None
        if question is None or question.function != FUNCTION:
            return _NOT_HERE
        first, last = min(first, last), max(first, last)
        length = (last - first).days + 1
        if length > _MOST_DAYS:
            return f"At most {_MOST_DAYS} days can be asked for at once."
        days = [first + timedelta(days=number) for number in range(-length, length)]
        if self._figures is None:
            return _AWAY
        try:
            counts = await self._figures.days(question.origin.account, days)
        except StoreUnavailable:
            return _AWAY
        return orjson.dumps(_said(days[length:], counts[length:], sum_counts(counts[:length]))).decode()


def _said(days: Sequence[date], counts: Sequence[DayCounts], before: DayCounts) -> dict[str, Any]:
    """Return a period as the model reads it: in sum, day by day where they are few, and the one before."""
    total = sum_counts(counts)
    said: dict[str, Any] = {"first": days[0], "last": days[-1], **_period(total)}
    said["by_channel"] = {
        channel: {verdict.value: total.outcomes[verdict.value, channel] for verdict in Verdict}
        for channel in sorted({channel for _, channel in total.outcomes})
    }
    said["by_inbox"] = {
        str(inbox): {verdict.value: total.inboxes[inbox, verdict.value] for verdict in Verdict}
        for inbox in sorted({inbox for inbox, _ in total.inboxes})
    }
    if 1 < len(days) <= _DAYS_ONE_BY_ONE:
        said["by_day"] = [
            {"day": day, "turns": one.turns(), **{each.value: one.turns(each) for each in _TOLD_BY_DAY}}
            for day, one in zip(days, counts, strict=True)
        ]
    return {**said, "period_before": _period(before)}


def _period(counts: DayCounts) -> dict[str, Any]:
    found, replies = summary(counts), counts.turns(Verdict.REPLY)
    return {
        **found,
        "handoffs": counts.turns(Verdict.HANDOFF),
        "handoffs_by_cause": found["handoffs"],
        "answered_without_people_percent": percent(replies, counts.turns()),
        "under_3_s_percent": percent(counts.fast, replies),
        "cost_in": "USD",
    }

"""A turn as its trace is made of it: the record, with the moments that only the turn itself knows."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chatwootai.model.message.tool_call import ToolUse
from chatwootai.model.message.turn import ModelUse
from chatwootai.telemetry import mask
from chatwootai.telemetry.spans.span import EndedTurnTimes, Timed
from config.settings.settings import Settings
from workers.context import WorkerContext
from workers.turn.state import Turn

_MOST_AHEAD: Final = timedelta(hours=24)
_MOST_CHARACTERS: Final = 4000


def trace_turn(worker: WorkerContext, turn: Turn, record: dict[str, Any]) -> None:
    """Have a turn's trace sent, where traces are on. Never waits, and raises nothing that ends a turn."""
    if worker.traces is None:
        return
    draft, calls = turn.draft, record["model_calls"]
    worker.traces.take(
        EndedTurnTimes(
            turn=turn.id,
            began=turn.last.received_at,
            record=record,
            steps=[Timed(*step) for step in turn.steps.as_timed()],
            parts=draft.steps if draft else (),
            calls=[_call(used, said) for used, said in zip(draft.model_calls if draft else (), calls, strict=True)],
            tools=[_tool(used) for used in turn.calls.used],
            words=_words(turn) if may_show_words(turn.settings) else None,
        )
    )


def may_show_words(settings: Settings) -> bool:
    """Tell whether the tenant lets words be sent now: until a moment that is at most 24 hours away."""
    until = settings.traces.words_until
    return until is not None and timedelta() < until - datetime.now(UTC) <= _MOST_AHEAD


def _words(turn: Turn) -> tuple[str, str]:
    asked, answered = turn.asked.text, turn.draft.text if turn.draft else ""
    return mask.personal(asked[:_MOST_CHARACTERS]), mask.personal(answered[:_MOST_CHARACTERS])


def _call(used: ModelUse, said: dict[str, Any]) -> Timed:
    return Timed(used.model, (used.ended or time.time()) - used.seconds, used.seconds, said)


def _tool(used: ToolUse) -> Timed:
    return Timed(used.name, (used.ended or time.time()) - used.seconds, used.seconds, {"outcome": used.outcome.value})

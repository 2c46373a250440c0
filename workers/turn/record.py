"""The record of a turn: what the log says of it, and what is kept for the operator and the sandbox page."""

import time
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from chatwootai.model.message.tool_call import ToolOutcome
from chatwootai.model.message.turn import Draft, ModelUse, Outcome, ServedBy, Verdict
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.reasons import Trouble, label
from chatwootai.stores.figures.day_counts import Spent
from chatwootai.stores.figures.ended_turn import NANO, EndedTurn
from chatwootai.stores.installation.incident_board import IncidentBoard
from chatwootai.stores.installation.incidents import Kind
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN, HANDOFFS, SERVED, TURN_SECONDS, TURNS
from chatwootai.telemetry.spans.span import trace_id
from config.settings.settings import Settings
from workers.context import WorkerContext
from workers.turn.state import Turn
from workers.turn.trace import trace_turn

_log = log.get("turn")
_REFUSALS: Final = 5
_REFUSED: Final = f"{_REFUSALS} or more calls in a row were refused: its address, its token, or what it is asked with"
_BY_A_MODEL: Final = frozenset({ServedBy.CREW, ServedBy.FUSED, ServedBy.QUICK, ServedBy.FALLBACK})
_NOT_LOGGED: Final = frozenset({"account", "conversation", "reason", "passages", "model_calls", "config_digest"})
"""Bound to the log line already, or in a crew's words, which may quote the contact (a reason), or long (passages)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """One turn as it is kept and logged.

    `seconds`: from the door to the end; `steps`: name and seconds of each; `tools`: name, outcome and seconds of each
    call. `passages`: source, document, score and whether the answer names it, of each that was offered. `reason` is for
    people and may quote a contact; `why` is one of a fixed few; `error` what a model's endpoint said. `cost`: US
    dollars; `model_calls`: the fields of ModelUse, tokens and dollars among them, of each call.
    """

    account: str
    conversation: int
    inbox: int
    channel: str
    function: str
    outcome: str
    reason: str | None
    cause: str | None
    why: str | None
    error: str | None
    messages: int
    parts: int
    superseded: int
    tries: int
    served_by: ServedBy | None
    plan: str | None
    model: str | None
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    config_version: int | None
    config_digest: str
    model_calls: list[dict[str, Any]]
    tools: list[tuple[str, ToolOutcome, float]]
    passages: list[tuple[str, str, float | None, bool]]
    seconds: float
    steps: list[tuple[str, float]]

    def stored(self) -> dict[str, Any]:
        """Return all of it, as JSON has it."""
        return {one.name: _as_json(getattr(self, one.name)) for one in fields(self)}

    def logged(self) -> dict[str, Any]:
        """Return what may stand in a log line."""
        return {name: value for name, value in self.stored().items() if name not in _NOT_LOGGED}


def _as_json(value: object) -> object:
    """Return a field's value with lists for tuples and words for enums."""
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return value.value if isinstance(value, Enum) else value


async def record_turn(worker: WorkerContext, turn: Turn) -> None:
    """Say how the turn went: one line, metrics, and a record; without Redis the record is dropped, counted."""
    made, channel = turn.decided, turn.asked.origin.channel
    record = _build_record(turn, made, turn.tenant.canary or worker.config_version())
    TURNS.labels(made.verdict.value, channel).inc()
    SERVED.labels(record.served_by or "nobody").inc()
    if made.cause is not None:
        HANDOFFS.labels(made.cause, label(made.why)).inc()
    exemplar = {"trace_id": trace_id(turn.id).hex()} if worker.traces else None
    TURN_SECONDS.labels(made.verdict.value, channel).observe(record.seconds, exemplar)
    _log.info("turn_ended", **record.logged())
    _note_incidents(worker.incidents, record)
    for server, trouble in worker.crews.servers_of(record.account).items():
        if trouble:
            worker.incidents.note(Kind.TOOL, record.account, server, trouble)
        else:
            worker.incidents.works(Kind.TOOL, record.account, server)
    _note_refusals(worker.incidents, turn)
    _note_lookup(worker.incidents, turn)
    stored = record.stored()
    trace_turn(worker, turn, stored)
    try:
        ended, day = _ended_turn(turn, record), _today(turn.settings)
        canary = worker.counted_for(turn.tenant, record.conversation, record.inbox)
        spent = _spent(record.function, turn.draft)
        await worker.figures.write(ended, stored, day, superseded=record.superseded, spent=spent, canary=canary)
    except StoreUnavailable:
        FAILED_OPEN.labels("turn_record").inc()


def _note_incidents(incidents: IncidentBoard, record: TurnRecord) -> None:
    """Note what a turn shows of the model and the tools: what failed, and what works (again)."""
    if record.cause == Cause.MODEL and record.why != Trouble.BUDGET:
        words = str(record.why or "").replace("_", " ")
        incidents.note(Kind.MODEL, record.account, words, record.error or words)
    elif record.served_by in _BY_A_MODEL:
        incidents.works(Kind.MODEL, record.account)
    for name, outcome, _ in record.tools:
        if outcome is ToolOutcome.OK:
            incidents.works(Kind.TOOL, record.account, name)
        elif outcome is ToolOutcome.FAILED:
            incidents.note(Kind.TOOL, record.account, name, "its call failed")
        elif outcome is ToolOutcome.UNKNOWN:
            incidents.note(Kind.TOOL, record.account, name, "no answer came in time, or one that says nothing")


def _note_refusals(incidents: IncidentBoard, turn: Turn) -> None:
    """Note tools that refuse call after call: for an order that does not exist once, for a wrong address each time."""
    for use in turn.calls.used:
        if use.theirs:
            incidents.note_in_a_row(Kind.TOOL, turn.last.account, use.name, _REFUSED, least=_REFUSALS)


def _note_lookup(incidents: IncidentBoard, turn: Turn) -> None:
    """Note whether the account's documents could be looked up."""
    said = turn.draft.lookup if turn.draft else None
    if said:
        incidents.note(Kind.SEARCH, turn.last.account, "documents", said)
    elif said is not None:
        incidents.works(Kind.SEARCH, turn.last.account)


def _build_record(turn: Turn, made: Outcome, config_version: int | None) -> TurnRecord:
    draft, question = turn.draft, turn.asked
    usage = draft.usage if draft else None
    return TurnRecord(
        account=question.origin.account,
        conversation=question.origin.conversation,
        inbox=question.origin.inbox,
        channel=question.origin.channel,
        function=question.function,
        outcome=made.verdict.value,
        reason=made.reason,
        cause=made.cause,
        why=made.why,
        error=turn.failed.error if turn.failed else None,
        messages=len(turn.deliveries),
        parts=len(made.parts),
        superseded=turn.superseded,
        tries=turn.start.tries,
        served_by=_served_by(made, draft),
        plan=draft.plan if draft else None,
        model=draft.model if draft else None,
        calls=usage.calls if usage else 0,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        cost=round(usage.cost / NANO, 9) if usage else 0.0,
        config_version=config_version,
        config_digest=turn.tenant.snapshot.digest[:12],
        model_calls=[model_call_as_json(one) for one in (draft.model_calls if draft else ())],
        tools=[(use.name, use.outcome, round(use.seconds, 4)) for use in turn.calls.used],
        passages=_passages(draft),
        seconds=round(time.time() - turn.last.received_at, 4),
        steps=[(name, round(took, 5)) for name, took in [*turn.steps.as_list(), *(draft.steps if draft else ())]],
    )


def model_call_as_json(made: ModelUse) -> dict[str, Any]:
    """Return a model call as JSON has it."""
    return {
        "model": made.model,
        "served_by": made.served_by,
        "finish": made.finish,
        "requests": made.requests,
        "hedged": made.hedged,
        "seconds": round(made.seconds, 4),
        "first_seconds": None if made.first_seconds is None else round(made.first_seconds, 4),
        "prompt_tokens": made.usage.prompt_tokens,
        "cached_tokens": made.usage.cached_tokens,
        "completion_tokens": made.usage.completion_tokens,
        "cost": round(made.usage.cost / NANO, 9),
    }


def _ended_turn(turn: Turn, record: TurnRecord) -> EndedTurn:
    """Return what the index keeps of a turn."""
    slowest = max(record.steps, key=lambda step: float(step[1]), default=("", 0.0))
    return EndedTurn(
        account=record.account,
        turn=turn.id,
        conversation=record.conversation,
        inbox=record.inbox,
        channel=record.channel,
        outcome=record.outcome,
        cause=record.cause or "",
        why=record.why or _silence(turn.decided),
        served_by=record.served_by or "",
        seconds=record.seconds,
        cost=turn.draft.usage.cost if turn.draft else 0,
        tokens=record.prompt_tokens + record.completion_tokens,
        config=record.config_version or 0,
        late=str(slowest[0]),
    )


def _spent(function: str, draft: Draft | None) -> Spent:
    """Return what a turn's model calls came to, by model."""
    models: dict[str, tuple[int, int]] = {}
    for call in draft.model_calls if draft else ():
        cost, tokens = models.get(call.model, (0, 0))
        used = call.usage
        models[call.model] = (cost + used.cost, tokens + used.prompt_tokens + used.completion_tokens)
    return Spent(function, models)


def _silence(made: Outcome) -> str:
    """Return the name of a silence's reason; empty of all else."""
    return made.silence.name.lower() if made.silence is not None else ""


def _today(settings: Settings) -> date:
    """Return the day that it is where the account is."""
    return datetime.now(settings.zone).date()


def _passages(draft: Draft | None) -> list[tuple[str, str, float | None, bool]]:
    return [
        (one.source, one.document, None if one.score is None else round(one.score, 3), one.cited)
        for one in (draft.passages if draft else ())
    ]


def _served_by(made: Outcome, draft: Draft | None) -> ServedBy | None:
    """Return what answered the contact; None: nobody did, since nothing was to be said."""
    if made.verdict is Verdict.HANDOFF:
        return ServedBy.PEOPLE
    return draft.served_by if draft else None

"""One conversation: its turns with all that is kept of each, its life, and who has it. Never anybody's words."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.history import ConversationHistories, ConversationHistory, Step
from chatwootai.stores.operators.inspection import Inspection, Job
from chatwootai.stores.operators.thumbs import Thumb, Thumbs
from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry import mask

_MOST_TURNS: Final = 50
_STEPS: Final = ("name", "seconds")
_TOOLS: Final = ("name", "outcome", "seconds")
_PASSAGES: Final = ("source", "document", "score", "cited")
_PLAIN: Final = (
    "inbox", "channel", "function", "outcome", "cause", "why", "messages", "parts", "superseded", "tries", "served_by",
    "plan", "model", "calls", "prompt_tokens", "completion_tokens", "cost", "config_version", "config_digest",
    "seconds",
)  # fmt: skip
"""Fields of a turn's record that hold no words of anybody. `reason` may quote a contact, and is not among them."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that Redis knows of a conversation. `turns`: newest first, at most 50; `job`: the one that it has now."""

    history: ConversationHistory
    turns: Sequence[Mapping[str, Any]]
    job: Job | None

    @property
    def owner(self) -> str | None:
        """Return who has it, as far as its life tells: `bot`, `people`, `nobody` (resolved), or None: not told."""
        return owner_by(self.history.steps)


def owner_by(steps: Sequence[Step]) -> str | None:
    """Return who has a conversation by its last steps: `bot`, `people`, `nobody` (resolved), None: not told."""
    for step in reversed(steps):
        if step.name in {"admitted", "readmitted", "revised"}:
            return "bot"
        if step.name == "takeover" or step.details.get("outcome") == "handoff":
            return "people"
        if step.name == "resolved":
            return "nobody"
    return None


async def read_conversation(connection: Connection, conv: str) -> Known | None:
    """Return what is known of a conversation; None where nothing is.

    Raises:
        StoreUnavailable: Redis is away.
    """
    history = await ConversationHistories(connection).read(conv)
    if not history.known:
        return None
    ended = {
        step.details["turn"]: step for step in history.steps if step.name == "committed" and "turn" in step.details
    }
    newest = list(reversed(ended.items()))[:_MOST_TURNS]
    names = [turn for turn, _ in newest]
    records, job, thumbs = await asyncio.gather(
        Turns(connection).several(names),
        _job(connection, history.job),
        Thumbs(connection).of(conv.rpartition(":")[0], names),
    )
    posted = _posted(history)
    turns = [
        {**_turn(turn, step, record), "mark": _mark(thumbs.get(turn)), "delivery": posted.get(turn, {})}
        for (turn, step), record in zip(newest, records, strict=True)
    ]
    return Known(history, turns, job)


async def _job(connection: Connection, job: str | None) -> Job | None:
    return await Inspection(connection).job(job) if job else None


def _posted(history: ConversationHistory) -> dict[str, dict[str, int]]:
    """Return how many posts of each turn Chatwoot has taken (`sent`), surely not stored (`not_sent`), or `waiting`."""
    found: dict[str, dict[str, int]] = {}
    steps = [(step.details.get("turn", ""), step.name) for step in history.steps if step.name in {"sent", "not_sent"}]
    for turn, state in [*steps, *((one.turn, "waiting") for one in history.outbox)]:
        counts = found.setdefault(turn, {})
        counts[state] = counts.get(state, 0) + 1
    return found


def _turn(turn: str, step: Step, record: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a turn: what its record holds, or the step that ended it where the record is gone."""
    known = record or {}
    error = known.get("error")
    return {
        "turn": turn,
        "at": step.at,
        "message_ids": [int(one) for one in step.details.get("messages", "").split(",") if one.isdigit()],
        "dead": step.details.get("dead") == "1",
        **{name: known.get(name) for name in _PLAIN},
        "outcome": known.get("outcome") or step.details.get("outcome"),
        "cause": known.get("cause") or (step.details.get("cause") or "").partition(":")[0] or None,
        "why": known.get("why") or _silence(known),
        "error": mask.text(str(error))[:200] if error else None,
        "recorded": record is not None,
        "steps": _named(_STEPS, known.get("steps")),
        "tools": _named(_TOOLS, known.get("tools")),
        "passages": _named(_PASSAGES, known.get("passages")),
        "model_calls": list(known.get("model_calls") or ()),
    }


def _mark(thumb: Thumb | None) -> dict[str, Any] | None:
    """Return what somebody says of a turn; None where nobody says anything."""
    if thumb is None:
        return None
    return {"mark": "up" if thumb.up else "down", "reason": thumb.reason or None, "by": thumb.by, "at": thumb.at}


def _silence(known: Mapping[str, Any]) -> str | None:
    """Return the name of a silence's reason, where an older record has its sentence alone."""
    from chatwootai.model.message.turn import SilenceReason

    said = known.get("reason") if known.get("outcome") == "silence" else None
    return next((one.name.lower() for one in SilenceReason if one.value == said), None)


def _named(names: Sequence[str], rows: Iterable[Sequence[Any]] | None) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=False)) for row in rows or ()]


def as_json(known: Known) -> dict[str, Any]:
    """Return a conversation as `GET /api/conversations/{account}/{id}` has it."""
    account, _, conversation = known.history.conv.rpartition(":")
    return {
        "account": account,
        "conversation": int(conversation),
        "owner": known.owner,
        "job": None if known.job is None else {"job": known.job.job, "state": known.job.state.value,
                                              "due": known.job.due, "cause": known.job.cause},
        "waiting": [one.message.id for one in known.history.waiting],
        "kept": [one.message.id for one in known.history.kept],
        "outbox": [{"kind": one.kind, "turn": one.turn, "part": one.part} for one in known.history.outbox],
        "turns": list(known.turns),
        "life": [{"at": one.at, "step": one.name, **one.details} for one in known.history.steps],
    }  # fmt: skip

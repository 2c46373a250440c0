"""Says in a sentence how a turn ended and why, in the viewer's language."""

from collections.abc import Callable, Mapping
from typing import Any

from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.notes import cause_words
from chatwootai.model.policy.reasons import reason_text

Text = Callable[..., str]


def reason_sentence(turn: Mapping[str, Any], language: str, text: Text, known: Callable[[str], bool]) -> str:
    """Return why a turn ended as it did. `text(key, **values)` words it; `known` tells whether there is such a text."""
    outcome, why, spoken = turn.get("outcome"), str(turn.get("why") or ""), language.partition("-")[0]
    if outcome == "reply":
        key = f"served.{turn.get('served_by')}"
        return text("why.reply", by=text(key) if known(key) else turn.get("served_by") or "?")
    if outcome == "handoff":
        return text("why.handoff", cause=_cause(str(turn.get("cause") or ""), why, spoken))
    if outcome == "silence":
        key = f"silence.{why}"
        return text("why.silence", why=text(key) if known(key) else why.replace("_", " ") or "?")
    return text("why.dead") if turn.get("dead") else text("why.unknown")


def _cause(cause: str, why: str, language: str) -> str:
    """Return a cause with its reason. Where a model is the cause, what befell it says enough."""
    behind = reason_text(why, language) if why else ""
    if cause == Cause.MODEL and behind:
        return behind
    return f"{cause_words(cause, language)}: {behind}" if behind else cause_words(cause, language)

"""What policy makes of a draft, or of its failure: reply, handoff or silence, and the actions that carry it out."""

from dataclasses import replace

from chatwootai.model.outbox import Action, ActionKind
from chatwootai.model.turn import Draft, Outcome, Question, Verdict

OPEN = "open"
LAST_WORDS = 500
"""Characters of the contact's last words that a note for people repeats."""


def of_draft(draft: Draft, parts: tuple[str, ...], *, sentence: str) -> Outcome:
    """Reply with the parts; where the crew asks for people, or has nothing to say, hand off with the sentence."""
    if draft.handoff:
        return Outcome(verdict=Verdict.HANDOFF, parts=parts or (sentence,), reason=draft.handoff)
    if not parts:
        return Outcome(verdict=Verdict.HANDOFF, parts=(sentence,), reason="the crew had nothing to say")
    return Outcome(verdict=Verdict.REPLY, parts=parts)


def of_failure(reason: str, *, sentence: str) -> Outcome:
    """Something failed: a prepared sentence for the contact, the reason for people, never the error for anyone."""
    return Outcome(verdict=Verdict.HANDOFF, parts=(sentence,), reason=reason)


def silence(reason: str, *, status: str | None = None) -> Outcome:
    """Nothing is said: people own the conversation, or nobody waits. `status`: what it is given, so that all see it."""
    return Outcome(verdict=Verdict.SILENCE, reason=reason, status=status)


def note(question: Question, reason: str) -> str:
    """What people read when they are given a conversation. The contact's words are quoted, line by line."""
    words = question.text if len(question.text) <= LAST_WORDS else question.text[: LAST_WORDS - 1] + "…"
    quoted = "\n".join(f"> {line}" for line in words.splitlines())
    return f"**Handed over by the assistant**\nReason: {reason}\nLast words of the contact:\n{quoted}"


def actions(outcome: Outcome, question: Question, *, label: str = "", team: int | None = None) -> tuple[Action, ...]:
    """The outbox entries of an outcome, in the order in which they must reach Chatwoot.

    A handoff tells people first and opens the conversation last: opening is what notifies them, and what stops us.
    """
    replies = tuple(_action(ActionKind.REPLY, question, n, text) for n, text in enumerate(outcome.parts, 1))
    moved = (_action(ActionKind.STATUS, question, 0, outcome.status),) if outcome.status else ()
    if outcome.verdict is not Verdict.HANDOFF:
        return (*replies, *moved)
    told = _action(ActionKind.NOTE, question, 0, note(question, outcome.reason or "unknown"))
    labelled = (_action(ActionKind.LABELS, question, 0, values=(label,)),) if label else ()
    assigned = (_action(ActionKind.TEAM, question, 0, str(team)),) if team else ()
    return (told, *labelled, *assigned, *replies, _action(ActionKind.STATUS, question, 0, OPEN))


def opening(instead_of: Action, turn: str) -> Action:
    """Give the conversation to people, in the place of another action and under the name of a turn of its own."""
    return replace(instead_of, kind=ActionKind.STATUS, turn=turn, part=0, text=OPEN, values=())


def _action(kind: ActionKind, question: Question, part: int, text: str = "", values: tuple[str, ...] = ()) -> Action:
    return Action(
        kind=kind,
        turn=question.turn,
        part=part,
        text=text,
        values=values,
        inbox=question.inbox,
        channel=question.channel,
        after=question.last_message,
        due=question.deadline,
        assignee=question.assignee,
    )

"""Builds outcomes of a draft or of its failure (reply, handoff, silence) and the actions that carry them out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from chatwootai.model.message.effects import FailedMessage
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import Outcome, Question, SilenceReason, Verdict
from chatwootai.model.policy.handoff import Need
from chatwootai.model.text.plain import as_plain_text

OPEN = "open"
ASIDES = 1000
"""The first part number of what a crew's tools asked for: far from those of replies, which count from 1."""
_QUOTED: Final = 4000
_NOT_ARRIVED: Final[Mapping[str, tuple[str, str, str]]] = {
    "pt": ("**Uma resposta do assistente não chegou ao contato**", "Motivo", "A resposta era"),
    "es": ("**Una respuesta del asistente no llegó al contacto**", "Motivo", "La respuesta era"),
    "en": ("**A reply of the assistant did not reach the contact**", "Reason", "The reply was"),
}
"""Words of the note about a message of ours that did not arrive."""


def reply(parts: tuple[str, ...], *, reply_to: int | None = None, choices: tuple[str, ...] = ()) -> Outcome:
    """Return a reply of these parts. `reply_to`: what the first points at; `choices`: buttons below the last."""
    return Outcome(verdict=Verdict.REPLY, parts=parts, reply_to=reply_to, choices=choices)


def handoff(need: Need, parts: tuple[str, ...], note: str | None, reason: str) -> Outcome:
    """People get it. `parts`: a prepared sentence, never the model's; `note`: what people read, None: nothing."""
    return Outcome(
        verdict=Verdict.HANDOFF,
        parts=parts,
        note=note,
        reason=reason,
        status=OPEN,
        cause=need.cause.value,
        why=need.reason or None,
    )


def silence(reason: SilenceReason, *, status: str | None = None) -> Outcome:
    """Return nothing is said: people own the conversation, or nobody waits.

    `status`: what it is given, so that all see it.
    """
    return Outcome(verdict=Verdict.SILENCE, reason=reason.value, silence=reason, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Team, labels and priority of a conversation that people are given; empty: as it is."""

    label: str = ""
    priority: str | None = None
    team: int | None = None


def actions(outcome: Outcome, question: Question, to: Destination | None = None) -> tuple[Action, ...]:
    """Return the outbox entries of an outcome, in the order in which they must reach Chatwoot.

    A handoff tells people first and opens the conversation last: opening is what notifies them, and what stops us.
    """
    told = [_action(ActionKind.NOTE, question, 0, outcome.note)] if outcome.note else []
    placed = _placement_actions(question, to) if to and outcome.verdict is Verdict.HANDOFF else []
    replies = _reply_actions(outcome, question)
    moved = [_action(ActionKind.STATUS, question, 0, outcome.status)] if outcome.status else []
    return (*told, *_side_actions(outcome, question), *placed, *replies, *moved)


def _reply_actions(outcome: Outcome, question: Question) -> list[Action]:
    parts = [_action(ActionKind.REPLY, question, n, text) for n, text in enumerate(outcome.parts, 1)]
    if parts:
        parts[0] = replace(parts[0], reply_to=outcome.reply_to)
        parts[-1] = replace(parts[-1], choices=outcome.choices)
    return parts


def _side_actions(outcome: Outcome, question: Question) -> list[Action]:
    """Return what a crew's tools asked for. A note may repeat what the contact wrote, or what a tool found: as text."""
    texts = [as_plain_text(each.text) if each.kind is ActionKind.NOTE else each.text for each in outcome.asides]
    return [
        _action(each.kind, question, ASIDES + n, text, each.values)
        for n, (each, text) in enumerate(zip(outcome.asides, texts, strict=True))
    ]


def _placement_actions(question: Question, to: Destination) -> list[Action]:
    label = [_action(ActionKind.LABELS, question, 0, values=(to.label,))] if to.label else []
    priority = [_action(ActionKind.PRIORITY, question, 0, to.priority)] if to.priority else []
    team = [_action(ActionKind.TEAM, question, 0, str(to.team))] if to.team else []
    return [*label, *priority, *team]


def opening(instead_of: Action, turn: str) -> Action:
    """Give the conversation to people, in the place of another action and under the name of a turn of its own."""
    return replace(instead_of, kind=ActionKind.STATUS, turn=turn, part=0, text=OPEN, values=())


def _action(kind: ActionKind, question: Question, part: int, text: str = "", values: tuple[str, ...] = ()) -> Action:
    origin = question.origin
    return Action(
        kind=kind,
        turn=question.turn,
        part=part,
        text=text,
        values=values,
        inbox=origin.inbox,
        channel=origin.channel,
        after=origin.message,
        due=question.deadline,
        assignee=origin.assignee,
        cc=origin.cc if kind is ActionKind.REPLY else (),
        delivery=origin.delivery_id or "",
    )


def failure_note(why: str, text: str, language: str) -> str:
    """Return the note for people: the reason in the provider's words, and what the contact should have read."""
    title, reason, was = _NOT_ARRIVED.get(language.split("-", maxsplit=1)[0].lower(), _NOT_ARRIVED["en"])
    quoted = "\n".join(f"> {line}" for line in text[:_QUOTED].splitlines())
    return f"{title}\n{reason}: {as_plain_text(' '.join(why.split()))}\n{was}:\n{quoted}"


def failure_actions(failure: FailedMessage, language: str) -> tuple[Action, ...]:
    """Return the outbox entries that tell people."""
    written = Action(
        kind=ActionKind.NOTE,
        turn=f"failed-{failure.account}-{failure.conversation}-{failure.message}",
        part=0,
        text=failure_note(failure.why, failure.text, language),
        inbox=failure.inbox,
        channel=failure.channel,
        after=failure.message,
        due=failure.at,
    )
    return written, opening(written, written.turn)

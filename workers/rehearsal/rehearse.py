"""Answers one message as a turn would, for the console and `ask`: nothing is posted, counted, kept or changed."""

import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from chatwootai.model.message import assemble
from chatwootai.model.message.delivery import Contact, Delivery, Message, Role
from chatwootai.model.message.routing import Route, route
from chatwootai.model.message.turn import Draft, Exchange, Outcome, Question, Usage, Verdict
from chatwootai.model.policy.handoff import Need, before_draft, by_meaning
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.text.language import language_of
from config.settings.settings import Settings
from config.snapshot import Account, place_of
from crews.errors import CrewError
from crews.model_calls.trouble import briefly, trouble_of
from crews.understanding.language import guess_language
from workers.handoff.build import build_handoff, handoff_rules, topic_examples
from workers.rehearsal.dry_calls import DryCalls
from workers.rehearsal.parts import TrialParts
from workers.turn.outcome import judge_draft
from workers.turn.record import model_call_as_json

_NANO = 1_000_000_000
_INBOX_OF_NONE = 0


@dataclass(frozen=True)
class Trial:
    """One message to one account. `inbox`: Chatwoot's id, 0 where it is to be none that the mapping names.

    `history`: what was said before, oldest first. `simulated`: what tools answer, by name, None: those that only read
    are called.
    """

    account: Account
    channel: str
    text: str
    inbox: int = _INBOX_OF_NONE
    phone: str | None = None
    history: tuple[Exchange, ...] = ()
    simulated: Mapping[str, Any] | None = None

    @cached_property
    def settings(self) -> Settings:
        """Return the settings that hold for the message."""
        own = self.account.inboxes.get(self.inbox)
        return own.settings if own else self.account.settings

    @cached_property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Return the message as it would come from the door."""
        now = time.time()
        return (
            Delivery(
                account=self.account.key,
                conversation=0,
                inbox=self.inbox,
                channel=self.channel,
                message=Message(id=1, text=self.text, at=now),
                contact=Contact(id=0, phone=self.phone, verified=True),
                received_at=now,
            ),
        )

    @cached_property
    def route(self) -> Route:
        """Return who answers it, and why."""
        return route(place_of(self.account, self.inbox), self.channel, self.phone)

    @cached_property
    def asked(self) -> Question:
        """Return the question that a crew gets."""
        settings = self.settings
        told = language_of(self.text, (), None, settings.language, settings.spoken, guess_language)
        asked = assemble.build_question(
            self.deliveries, self.history, turn="try", route=self.route,
            due=time.time() + settings.last_deadline_ms / 1000,
            most_exchanges=settings.context.exchanges, most_tokens=settings.context.tokens,
            language=settings.answered_in(told),
        )  # fmt: skip
        return replace(asked, greeted=bool(self.greeting_in(asked.language)))

    def greeting_in(self, language: str | None) -> str:
        """Return the greeting above the answer; empty where the crew has said something before."""
        began = not any(one.role is Role.CREW for one in self.history)
        return self.settings.greeting_in(language) if began else ""


async def answer(trial: Trial, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return what a contact would read and how it was made, by the names that `chatwootai ask --json` prints."""
    async with AsyncExitStack() as stack:
        return await rehearse(trial, await TrialParts.open(stack, trial.settings, environ))


async def rehearse(trial: Trial, parts: TrialParts) -> dict[str, Any]:
    """As `answer`, with parts that are open already."""
    left_out = await parts.prepare(trial.account.key, trial.settings)
    calls, notes, began = DryCalls(trial.simulated), [*parts.notes, *left_out], time.perf_counter()
    result = await _result(trial, parts, calls, notes)
    said = _outcome(trial, result)
    return _told(trial, result, said, calls, time.perf_counter() - began) | {"notes": notes}


async def _result(trial: Trial, parts: TrialParts, calls: DryCalls, notes: list[str]) -> Draft | Need:
    """Return a draft, or why people would get the message."""
    question, settings = trial.asked, trial.settings
    if not question.function:
        return Need(Cause.OFF)
    rules = handoff_rules(settings)
    if need := before_draft(question.text, (), rules, language=question.language):
        return need
    meaning = await parts.reader.read(question.text, topic_examples(settings))
    if need := by_meaning(question.text, rules, meaning, question.language):
        return need
    return await _draft(parts, question, settings, calls, notes)


async def _draft(
    parts: TrialParts, question: Question, settings: Settings, calls: DryCalls, notes: list[str]
) -> Draft | Need:
    try:
        return await parts.crews.draft(question, settings, calls=calls)
    except (CrewError, TimeoutError) as error:
        notes.append(f"no draft: {briefly(error)}")
        return Need(Cause.MODEL, reason=trouble_of(error).value)


def _outcome(trial: Trial, result: Draft | Need) -> Outcome:
    if isinstance(result, Need):
        return build_handoff(result, trial.asked, trial.settings)
    return judge_draft(trial, result, trial.greeting_in(trial.asked.language))


def _told(trial: Trial, result: Draft | Need, said: Outcome, calls: DryCalls, seconds: float) -> dict[str, Any]:
    draft = result if isinstance(result, Draft) else None
    usage = draft.usage if draft else Usage()
    return {
        "outcome": str(said.verdict),
        "answer": list(said.parts),
        "choices": list(said.choices),
        "handoff": _handoff(said, result),
        "language": trial.asked.language,
        "function": trial.asked.function or None,
        "served_by": str(draft.served_by) if draft else None,
        "plan": draft.plan if draft else None,
        "model": draft.model if draft else None,
        "facts": sorted(trial.settings.company.facts),
        "passages": [_passage(each) for each in (draft.passages if draft else ())],
        "tools": [{"name": name, "arguments": dict(given), "called": made} for name, given, made in calls.asked],
        "model_calls": [model_call_as_json(one) for one in (draft.model_calls if draft else ())],
        "calls": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost": usage.cost / _NANO,
        "steps": [[name, round(took, 4)] for name, took in (draft.steps if draft else ())],
        "seconds": round(seconds, 3),
    }


def _handoff(said: Outcome, result: Draft | Need) -> dict[str, Any] | None:
    if said.verdict is not Verdict.HANDOFF:
        return None
    held = result.text if isinstance(result, Draft) else None
    reason = result.reason if isinstance(result, Need) else None
    return {"cause": said.cause, "why": reason or said.why, "reason": said.reason, "held_back": held, "note": said.note}


def _passage(each: Any) -> dict[str, Any]:
    return {"source": each.source, "document": each.document, "score": each.score, "cited": each.cited}

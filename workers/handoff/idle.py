"""A contact who does not answer us: reminded once, then the conversation is closed or given to people.

Chatwoot ends no pending conversation by itself. What is to happen is agreed on when a turn commits its reply; the
first thing that anyone says calls it off.
"""

import time
import uuid
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

import orjson

from chatwootai.channels.outgoing.render import render
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.origin import Origin
from chatwootai.model.message.turn import Exchange, Outcome, Question, SilenceReason, Verdict
from chatwootai.model.policy import outcome
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause, Sentence
from chatwootai.model.policy.reasons import label
from chatwootai.stores.conversation.decision import Commit, Decision, IdleTimer, pending
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.keys import split_conv
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import HANDOFFS
from config.settings.settings import Settings
from workers.account.tenant import Tenant
from workers.away import ChatwootAway
from workers.chatwoot.errors import ChatwootError, Gone, TokenRefused
from workers.chatwoot.records import Conversation
from workers.context import WorkerContext
from workers.delivery.deliver import deliver
from workers.delivery.ownership import PENDING, wrote_since
from workers.handoff.build import build_handoff, handoff_destination

_RESOLVED: Final = "resolved"
_LOOK_SECONDS: Final = 5.0
_log = log.get("idle")


class Step(StrEnum):
    """Action on a silence; the word stands in the note of its timer."""

    REMIND = "remind"
    END = "end"


def after_reply(made: Outcome, question: Question, settings: Settings) -> IdleTimer | None:
    """Return the timer for a reply that the contact does not answer; None where nothing is to follow."""
    if made.verdict is not Verdict.REPLY:
        return None
    if settings.idle.remind_after_minutes is not None:
        return _idle_timer(Step.REMIND, question, settings.idle.remind_after_minutes)
    return _end_timer(question, settings)


def _end_timer(question: Question, settings: Settings) -> IdleTimer | None:
    minutes = settings.idle.end_after_minutes
    return None if minutes is None else _idle_timer(Step.END, question, minutes)


def _idle_timer(step: Step, question: Question, minutes: int) -> IdleTimer:
    origin = question.origin
    note = {
        "step": step,
        "inbox": origin.inbox,
        "channel": origin.channel,
        "carrier": origin.carrier,
        "after": origin.message,
        "assignee": origin.assignee,
        "language": question.language,
    }
    return IdleTimer(orjson.dumps(note), minutes * 60.0)


async def break_silence(worker: WorkerContext, tenant: Tenant, start: TurnStart) -> None:
    """Do what was agreed on for this silence, if it still is one.

    Raises:
        workers.away.AccountClosed: Chatwoot does not take the bot's token; it is tried again.
        workers.away.ChatwootAway: Chatwoot is away; it is tried again.
        Stale: another job holds the conversation.
        StoreUnavailable: Redis was away for too long.
    """
    note = _read_note(start.idle_note)
    question = _question(note, tenant, start)
    settings = tenant.settings(question.origin.inbox)
    found = await _show_conversation(worker, tenant, start.lease.conv, question)
    made, then = outcome.silence(SilenceReason.SPOKEN), None
    if found is not None and found.status == PENDING and not wrote_since(found.last, question.origin.message):
        made, then = _outcome_and_timer(note, question, settings, found)
    actions = [replace(one, alone=True) for one in outcome.actions(made, question, handoff_destination(made, settings))]
    decision = Decision(
        turn=question.turn,
        answered=(),
        actions=actions,
        exchanges=[Exchange(Role.CREW, "\n".join(made.parts), time.time())] if made.parts else (),
        idle_timer=then,
        outcome=made.verdict.value,
        cause=made.cause or "",
    )
    answer = await worker.conversations.commit(start.lease, start.sequence, decision, settings.context.limits)
    _log.info("silence", step=note.get("step"), outcome=made.verdict.value, committed=answer.value)
    if answer is Commit.COMMITTED:
        if made.cause is not None:
            HANDOFFS.labels(made.cause, label(made.why)).inc()
        await deliver(worker, tenant, start.lease, [pending(action) for action in actions])


def idle_inbox(note: bytes) -> int | None:
    """Return the inbox of an idle timer's note; None where there is none, or it tells of none."""
    return int(_read_note(note).get("inbox") or 0) or None if note else None


def _read_note(note: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(note)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _question(note: dict[str, Any], tenant: Tenant, start: TurnStart) -> Question:
    theirs = [one.text for one in start.context if one.role is Role.CONTACT]
    return Question(
        turn=uuid.uuid4().hex,
        origin=_origin(note, tenant, start),
        folder=tenant.account.folder,
        domain=tenant.account.domain,
        function="",
        text=theirs[-1] if theirs else "",
        history=start.context,
        deadline=time.time(),
        language=note.get("language"),
    )


def _origin(note: dict[str, Any], tenant: Tenant, start: TurnStart) -> Origin:
    return Origin(
        account=tenant.account.key,
        channel=str(note.get("channel") or "default"),
        conversation=split_conv(start.lease.conv)[1],
        inbox=int(note.get("inbox") or 0),
        message=int(note.get("after") or 0),
        assignee=note.get("assignee"),
        carrier=note.get("carrier"),
    )


async def _show_conversation(
    worker: WorkerContext, tenant: Tenant, conv: str, question: Question
) -> Conversation | None:
    """Return the conversation; None if Chatwoot no longer has it."""
    try:
        return await tenant.chatwoot.conversation(question.origin.conversation, deadline=time.time() + _LOOK_SECONDS)
    except TokenRefused as error:
        raise await worker.standing.note_refusal(tenant, conv, error) from error
    except Gone as error:
        if (closed := await worker.standing.note_gone(tenant, conv, error)) is not None:
            raise closed from error
        return None
    except ChatwootError as error:
        _log.warning("chatwoot_away", error=str(error))
        raise ChatwootAway(str(error), time.time()) from error


def _outcome_and_timer(
    note: dict[str, Any], question: Question, settings: Settings, found: Conversation
) -> tuple[Outcome, IdleTimer | None]:
    def said(name: Sentence) -> tuple[str, ...]:
        if not found.can_reply:
            return ()
        sentence = settings.sentence(name, question.language)
        return render(question.origin.channel, sentence, carrier=question.origin.carrier)

    match note.get("step"):
        case Step.REMIND:
            return outcome.reply(said(Sentence.REMINDER)), _end_timer(question, settings)
        case Step.END if settings.idle.end == "close":
            return replace(outcome.reply(said(Sentence.CLOSING)), status=_RESOLVED), None
        case Step.END:
            return build_handoff(Need(Cause.IDLE), question, settings), None
        case _:
            return outcome.silence(SilenceReason.ANOTHER_VERSION), None

"""Step 8 of a turn: reply, handoff or silence."""

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import Protocol

from chatwootai.channels.outgoing.choices import render_choices
from chatwootai.channels.outgoing.links import Linked, keep_known_links
from chatwootai.channels.outgoing.render import rendered_text
from chatwootai.channels.outgoing.reply_reference import referenced_message
from chatwootai.long_texts import worked_on
from chatwootai.model.message import assemble
from chatwootai.model.message.burst import Window
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.turn import Draft, Outcome, Question, SideAction, SilenceReason, Verdict
from chatwootai.model.policy import notes, outcome
from chatwootai.model.policy.greeting import with_greeting, without_greeting
from chatwootai.model.policy.grounding import check_grounding
from chatwootai.model.policy.handoff import Need, after_draft
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.output_guard import GuardResult, guard_output
from chatwootai.model.policy.unfit import Unfit
from chatwootai.model.policy.vocabulary import Links
from chatwootai.model.text.language import language_of
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import SUPERSEDED, UNGROUNDED, UNKNOWN_LINKS
from config.settings.settings import Settings
from workers.context import WorkerContext
from workers.handoff.build import build_handoff, handoff_rules
from workers.turn.attempts import MOST_ATTEMPTS
from workers.turn.draft import Failed, Interrupted
from workers.turn.greeting import greeting
from workers.turn.question import due
from workers.turn.state import Turn
from workers.turn.step import DECIDED, NEXT, RESTART, Next

_log = log.get("turn")
_LONG_TO_WRITE = 1_000
"""Characters from which on an answer is judged and rendered beside the event loop: its Markdown takes time."""


class Judging(Protocol):
    """The part of a turn that a draft is judged with."""

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Return the burst."""
        ...

    @property
    def settings(self) -> Settings:
        """Return the settings of the inbox."""
        ...

    @property
    def asked(self) -> Question:
        """Return the question."""
        ...


async def hand_over_unread(worker: WorkerContext, turn: Turn) -> Next:
    """Give the burst to people without a look at its words, where two workers were lost at them (begin.lua)."""
    if not turn.start.unread:
        return NEXT
    _log.error("burst_unread", lost=turn.start.lost, message_ids=[one.message.id for one in turn.deliveries])
    blank = [
        replace(one, message=replace(one.message, text="", attachments=()), subject=None) for one in turn.deliveries
    ]
    settings = turn.settings
    turn.question = assemble.build_question(
        blank,
        (),
        turn=turn.id,
        route=turn.tenant.route(blank[-1]),
        due=due(turn),
        most_exchanges=0,
        most_tokens=0,
        language=language_of("", (), turn.last.language, settings.language, settings.spoken),
    )
    cause = Cause.UNREAD if turn.question.function else Cause.OFF
    turn.outcome = _with_tool_notes(turn, build_handoff(Need(cause), turn.question, settings, tries=turn.start.lost))
    turn.remember, turn.force = False, True
    return DECIDED


async def give_up(worker: WorkerContext, turn: Turn) -> Next:
    """Give the burst to people where every try has failed."""
    if turn.start.tries < MOST_ATTEMPTS:
        return NEXT
    turn.outcome = _with_tool_notes(
        turn, build_handoff(Need(Cause.FAILED), turn.asked, turn.settings, tries=turn.start.tries)
    )
    return DECIDED


async def await_quiet(worker: WorkerContext, turn: Turn) -> Next:
    """Hold the reply until the burst's window has closed; what overtakes the turn ends the wait."""
    if isinstance(turn.result, Failed | Interrupted):
        return NEXT
    with turn.steps("window"):
        burst = turn.settings.burst_on(turn.last.channel)
        await _wait_for_window(turn, Window(burst.window_ms / 1000, burst.cap_ms / 1000))
    return NEXT


async def _wait_for_window(turn: Turn, window: Window) -> None:
    """Wait for one of three: the window closes, a signal moves its end, the turn is overtaken."""
    while not turn.overtaken():
        closes = window.closes(turn.arrivals, turn.last.message.text, typing_at=turn.signals.typing_at)
        left = closes - time.time()
        if left <= 0:
            return
        turn.signals.changed.clear()
        try:
            async with asyncio.timeout(left):
                await turn.signals.changed.wait()
        except TimeoutError:
            return


async def check_overtaken(worker: WorkerContext, turn: Turn) -> Next:
    """Say nothing where a person stepped in or resolved it; begin again where the contact wrote on."""
    if (why := turn.over()) is not None:
        SUPERSEDED.labels("takeover").inc()
        status = outcome.OPEN if why is SilenceReason.STEPPED_IN else None
        turn.outcome = outcome.silence(why, status=status)
        return DECIDED
    return RESTART if isinstance(turn.result, Interrupted) or turn.overtaken() else NEXT


async def decide_outcome(worker: WorkerContext, turn: Turn) -> Next:
    """Make an outcome of the draft, or of what stands in its place."""
    result = turn.result
    assert not isinstance(result, Interrupted | None), "check_overtaken comes before"  # noqa: S101 - the pipeline's order
    if isinstance(result, Draft):
        result = turn.draft = _without_unknown_links(result, turn.settings)
        greets = await greeting(turn, turn.asked)
        async with worker.at_words(turn.start):
            said = await worked_on(len(result.text), partial(judge_draft, turn, result, greets), long=_LONG_TO_WRITE)
        turn.outcome = _with_tool_notes(turn, replace(said, asides=result.actions))
        return NEXT
    turn.failed = result if isinstance(result, Failed) else None
    need = result if isinstance(result, Need) else Need(result.cause, reason=result.reason)
    turn.outcome = _with_tool_notes(turn, build_handoff(need, turn.asked, turn.settings))
    return NEXT


def _with_tool_notes(turn: Turn, made: Outcome) -> Outcome:
    """Tell the team what tools did that a person must know: what may have been done, and what was, in a handoff."""
    done = turn.calls.done if made.verdict is Verdict.HANDOFF and turn.settings.handoff.note else ()
    text = notes.tool_calls_note(done, turn.calls.doubtful, turn.settings.note_language)
    return replace(made, asides=(*made.asides, SideAction(ActionKind.NOTE, text=text))) if text else made


def judge_draft(turn: Judging, draft: Draft, greets: str) -> Outcome:
    """Return what of a draft may be read: all of it, dressed, or nothing and people instead."""
    settings, question = turn.settings, turn.asked
    origin = question.origin
    text = rendered_text(origin.channel, draft.text, carrier=origin.carrier)  # what nobody would read is not judged
    theirs = "" if draft.served_by.by_operator else text  # whose promises and fitness are looked at
    need = (
        Need(Cause.MODEL, reason=draft.trouble)
        if draft.trouble
        else after_draft(draft.confidence, draft.handoff, handoff_rules(settings), theirs)
    )
    fit = GuardResult(text) if draft.served_by.by_operator else guard_output(text, settings.output_guard, draft.told)
    if fit.problem is None and settings.grounds and not draft.served_by.by_operator:
        fit = _check_grounding(fit.text, draft)
    if fit.problem is None and not draft.served_by.by_operator:
        fit = _check_links(fit.text, settings)
    if need is None and fit.problem is None and (reply := _reply(turn, draft, fit.text, greets)) is not None:
        return reply
    return build_handoff(need or Need(Cause.UNFIT, reason=fit.problem or Unfit.EMPTY), question, settings)


def _without_unknown_links(draft: Draft, settings: Settings) -> Draft:
    """Return a draft whose words for the team lead nowhere else: notes, and why people should take over."""
    if draft.served_by.by_operator or settings.links is Links.ANY:
        return draft

    def kept(text: str) -> str:
        return keep_known_links(text, settings.known_hosts).text

    actions = tuple(replace(one, text=kept(one.text)) if one.text else one for one in draft.actions)
    return replace(draft, actions=actions, handoff=kept(draft.handoff) if draft.handoff else draft.handoff)


def _append_links(text: str, links: str) -> str:
    return f"{text}\n\n{links}" if links else text


def _check_grounding(text: str, draft: Draft) -> GuardResult:
    """Return the draft without what nothing bears out; unfit where no sentence is left."""
    found = check_grounding(text, (*draft.told.known, *draft.told.results))
    if found.missing:
        UNGROUNDED.inc(len(found.missing))
        _log.info("draft_ungrounded", signs=len(found.missing), left=bool(found.text))
    return GuardResult(found.text, None if found.text else Unfit.UNGROUNDED)


def _check_links(text: str, settings: Settings) -> GuardResult:
    """Return the draft without links to hosts that the tenant does not name; unfit where nothing else was said."""
    found = keep_known_links(text, settings.known_hosts) if settings.links is Links.KNOWN else Linked(text)
    if found.removed:
        UNKNOWN_LINKS.inc(len(found.removed))
        _log.info("draft_links_removed", links=len(found.removed), left=bool(found.text))
    said = any(each.isalnum() for each in found.text)
    return GuardResult(found.text, None if said else Unfit.UNGROUNDED)


def _reply(turn: Judging, draft: Draft, text: str, greets: str) -> Outcome | None:
    """Return the reply with greeting, signature and choices as the channel bears them; None: nothing is left."""
    question = turn.asked
    signature = turn.settings.signature_on(question.origin.channel, question.language)
    choices = tuple(
        title for title in draft.choices
        if guard_output(title) == GuardResult(title) == _check_links(title, turn.settings)
    )  # fmt: skip
    parts, buttons = render_choices(
        question.origin.channel,
        text if draft.served_by.by_operator else without_greeting(text, greets),
        choices,
        lambda text: with_greeting(_append_links(text, draft.links), greeting=greets, signature=signature),
        question.origin.carrier,
    )
    return outcome.reply(parts, reply_to=referenced_message(turn.deliveries), choices=buttons) if parts else None

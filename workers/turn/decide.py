"""Steps 6 to 9 of a turn: assemble, draft, decide, commit; from the start again whenever the contact writes on."""

import asyncio
import time
import uuid
from dataclasses import dataclass, field, replace
from functools import partial

from chatwootai.channels.outgoing.choices import rendered
from chatwootai.channels.outgoing.quoting import quoted
from chatwootai.channels.outgoing.render import carried
from chatwootai.model.message import assemble
from chatwootai.model.message.burst import Window, may_restart
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.turn import Aside, Draft, Exchange, Outcome, Question, Verdict
from chatwootai.model.policy import notes, outcome
from chatwootai.model.policy.dress import dressed, first_answer, once
from chatwootai.model.policy.guard import Guarded, guarded
from chatwootai.model.policy.handoff import Need, after_draft, before_draft
from chatwootai.model.policy.picked import listed, picked
from chatwootai.model.policy.unfit import Unfit
from chatwootai.model.policy.vocabulary import Cause, Sentence
from chatwootai.model.text.language import language_of
from chatwootai.stores.conversation.conversations import Begun, Commit, Decision, Pending, pending
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import DEAD_LETTERS, SUPERSEDED
from chatwootai.telemetry.steps import Steps
from config.settings.settings import Settings
from crews.run.tool_calls import Calls
from workers.account.tenant import Tenant
from workers.attention import Attention
from workers.floor import Floor
from workers.handoff.handing import destination, handed, rules
from workers.handoff.idle import after_reply
from workers.letters import dead_letter
from workers.media.media import only_unsupported
from workers.patience import MOST_TRIES, patient
from workers.turn.draft import Failed, Interrupted, drafted
from workers.turn.greeting import greeting
from workers.turn.interim import patience_asked
from workers.turn.long_texts import worked_on

STEPPED_IN = "a person stepped in"
_OPERATORS = frozenset({"curated", "near", "prepared"})
"""Sources of words that an operator wrote: posted as written, and not searched for promises."""
_HOUR_MS = 3_600_000
_CLOCK = 0.001  # Chatwoot tells times in milliseconds, cut or rounded
_log = log.get("turn")


@dataclass(slots=True)
class Turn:
    """What the steps hand on. `sequence`: how far the mailbox has been read.

    `calls`: what tools did that must not be done twice. `draft`: what served, `failed`: why none did; for the record.
    `counted`: it has taken one of the turns that the tenant's crews may take.
    """

    begun: Begun
    tenant: Tenant
    attention: Attention
    deliveries: tuple[Delivery, ...]
    sequence: int
    calls: Calls
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    steps: Steps = field(default_factory=Steps)
    draft: Draft | None = None
    failed: Failed | None = None
    images: tuple[str, ...] = ()
    superseded: int = 0
    patience_asked: bool = False
    counted: bool = False
    begun_at: float = field(default_factory=time.time)

    @property
    def last(self) -> Delivery:
        """The newest message of the burst."""
        return self.deliveries[-1]

    @property
    def settings(self) -> Settings:
        """The settings of the inbox that the burst came through."""
        return self.tenant.settings(self.last.inbox)

    @property
    def arrivals(self) -> list[float]:
        """When the burst's messages reached the door, unix seconds: those from before the turn, as it began.

        What waited in a journal comes late and one by one, from several doors: its burst is only closing now.
        """
        return [max(delivery.received_at, self.begun_at) for delivery in self.deliveries]

    def may_restart(self) -> bool:
        """Whether a newer message is still taken into this turn."""
        return may_restart(self.arrivals, time.time(), self.settings.deadline_ms / 1000)

    def over(self) -> str | None:
        """Why nobody waits for this turn any more. What happened before its newest message is settled by that."""
        since = self.last.message.at - _CLOCK
        if self.attention.takeover_at >= since:
            return STEPPED_IN
        return "the conversation was resolved" if self.attention.resolved_at >= since else None

    def overtaken(self) -> bool:
        """Whether what the turn has heard makes its draft pointless."""
        return self.over() is not None or (self.attention.messages > 0 and self.may_restart())


@dataclass(frozen=True, slots=True)
class Decided:
    """A turn's committed outcome, and what of it is to be delivered."""

    question: Question
    outcome: Outcome
    outbox: tuple[Pending, ...]


async def decided(floor: Floor, turn: Turn) -> Decided:
    """Come to a decision and commit it.

    Raises:
        AccountClosed: Chatwoot does not take the account's token, so nothing is asked of a model.
        Stale: another job holds the conversation.
        StoreUnavailable: Redis was away for too long.
    """
    if turn.begun.unread:
        return await _handed_unread(floor, turn)
    while True:
        await floor.standing.before_draft(turn.tenant, turn.begun.hold.conv)
        await _read_media(floor, turn)
        async with floor.at_words(turn.begun):
            question, need = await worked_on(_size(turn), partial(_read, turn))
        made = await _outcome(floor, turn, question, need)
        if made is not None and (done := await _commit(floor, turn, question, made)) is not None:
            return done
        turn.superseded += 1
        SUPERSEDED.labels("message").inc()
        turn.sequence, waiting = await patient(lambda: floor.conversations.read(turn.begun.hold))
        turn.attention.settle()
        if not waiting:
            return await _taken_back(floor, turn, question)
        turn.deliveries = waiting


async def _handed_unread(floor: Floor, turn: Turn) -> Decided:
    """Give the burst to people without a look at its words, at which two workers were lost (begin.lua)."""
    _log.error("burst_unread", lost=turn.begun.lost, message_ids=[one.message.id for one in turn.deliveries])
    blank = [
        replace(one, message=replace(one.message, text="", attachments=()), subject=None) for one in turn.deliveries
    ]
    settings = turn.settings
    question = assemble.question(
        blank,
        (),
        turn=turn.id,
        route=turn.tenant.route(blank[-1]),
        due=assemble.deadline(blank, time.time(), settings.last_deadline_ms / 1000),
        most_exchanges=0,
        most_tokens=0,
        language=language_of("", (), turn.last.language, settings.language, settings.spoken),
    )
    cause = Cause.UNREAD if question.function else Cause.OFF
    made = _noted(turn, handed(Need(cause), question, settings, tries=turn.begun.lost))
    done = await _commit(floor, turn, question, made, remember=False, force=True)
    assert done is not None, "it was forced"  # noqa: S101 - for the type checker
    return done


async def _read_media(floor: Floor, turn: Turn) -> None:
    if floor.media is None:
        return
    due = assemble.deadline(turn.deliveries, time.time(), turn.settings.last_deadline_ms / 1000)
    with turn.steps("media"):
        seen = await floor.media.read(turn.tenant, turn.deliveries, turn, due)
    turn.deliveries, turn.images = seen.deliveries, seen.images


async def _taken_back(floor: Floor, turn: Turn, question: Question) -> Decided:
    """The contact deleted all that there was to answer: nothing is said, nothing of it remembered."""
    SUPERSEDED.labels("deleted").inc()
    done = await _commit(floor, turn, question, outcome.silence("the contact took it back"), remember=False)
    assert done is not None, "silence is always committed"  # noqa: S101 - for the type checker
    return done


def _size(turn: Turn) -> int:
    """Characters that are read before a draft."""
    said = sum(len(assemble.said(one)) for one in turn.deliveries)
    return said + sum(len(one.text) for one in turn.begun.context)


def _read(turn: Turn) -> tuple[Question, Need | None]:
    """The question, and why people are needed where its words alone tell."""
    question = _question(turn)
    given_up = not question.function or turn.begun.tries >= MOST_TRIES or only_unsupported(turn.deliveries)
    return question, None if given_up else before_draft(question.text, turn.begun.context, rules(turn.settings))


def _question(turn: Turn) -> Question:
    settings = turn.settings
    said = "\n".join(assemble.spoken(delivery) for delivery in turn.deliveries)
    before = [one.text for one in reversed(turn.begun.context) if one.role == "contact"]
    asked = assemble.question(
        turn.deliveries,
        turn.begun.context,
        turn=turn.id,
        route=turn.tenant.route(turn.last),
        due=assemble.deadline(turn.deliveries, time.time(), settings.last_deadline_ms / 1000),
        most_exchanges=settings.context.exchanges,
        most_tokens=settings.context.tokens,
        language=language_of(said, before, turn.last.language, settings.language, settings.spoken),
    )
    return replace(
        asked,
        text=picked(asked.text, asked.history),
        greeted=bool(settings.greeting_in(asked.language)) and first_answer(turn.begun.context),
        images=turn.images,
    )


async def _outcome(floor: Floor, turn: Turn, question: Question, need: Need | None) -> Outcome | None:
    """An outcome, or None: the contact wrote on, begin again."""
    if turn.begun.tries >= MOST_TRIES:
        return _noted(turn, handed(Need(Cause.FAILED), question, turn.settings, tries=turn.begun.tries))
    result = need or await _result(floor, turn, question)
    if not isinstance(result, Failed | Interrupted):
        with turn.steps("window"):
            await _quiet(turn)
    if (why := turn.over()) is not None:
        SUPERSEDED.labels("takeover").inc()
        return outcome.silence(why, status=outcome.OPEN if why == STEPPED_IN else None)
    if isinstance(result, Interrupted) or turn.overtaken():
        return None
    if isinstance(result, Draft):
        turn.draft = result
        greets = await greeting(turn, question)
        async with floor.at_words(turn.begun):
            said = await worked_on(len(result.text), partial(_said, turn, question, result, greets))
        return _noted(turn, replace(said, asides=result.actions))
    turn.failed = result if isinstance(result, Failed) else None
    need = result if isinstance(result, Need) else Need(result.cause, reason=result.reason)
    return _noted(turn, handed(need, question, turn.settings))


def _noted(turn: Turn, made: Outcome) -> Outcome:
    """Tell the team what tools did that a person must know: what may have been done, and what was, in a handoff."""
    done = turn.calls.done if made.verdict is Verdict.HANDOFF and turn.settings.handoff.note else ()
    text = notes.used(done, turn.calls.doubtful, turn.settings.language)
    return replace(made, asides=(*made.asides, Aside(ActionKind.NOTE, text=text))) if text else made


async def _result(floor: Floor, turn: Turn, question: Question) -> Draft | Need | Failed | Interrupted:
    if not question.function:
        return Need(Cause.OFF)
    if only_unsupported(turn.deliveries):
        return Draft(text=turn.settings.sentence(Sentence.UNSUPPORTED, question.language), served_by="prepared")
    with turn.steps("draft"):
        async with patience_asked(turn, question):
            return await drafted(
                lambda asked: floor.crews.draft(asked, turn.settings, lambda: floor.turn_budget.take(turn), turn.calls),
                question,
                turn.attention,
                turn.overtaken,
            )


def _said(turn: Turn, question: Question, draft: Draft, greets: str) -> Outcome:
    """What of a draft may be read: all of it, dressed, or nothing and people instead."""
    settings = turn.settings
    drafted_by_model = draft.served_by not in _OPERATORS
    text = carried(question.channel, draft.text, carrier=question.carrier)  # what nobody would read is not judged
    need = (
        Need(Cause.MODEL, reason=draft.trouble)
        if draft.trouble
        else after_draft(draft.confidence, draft.handoff, rules(settings), text if drafted_by_model else "")
    )
    fit = guarded(text, settings.output_guard, draft.told) if drafted_by_model else Guarded(text)
    if need is None and fit.problem is None:
        signature = settings.signature_on(question.channel, question.language)
        choices = tuple(title for title in draft.choices if guarded(title) == Guarded(title))
        parts, buttons = rendered(
            question.channel,
            once(fit.text, greets) if drafted_by_model else fit.text,
            choices,
            lambda text: dressed(text, greeting=greets, signature=signature),
            question.carrier,
        )
        if parts:
            return outcome.reply(parts, reply_to=quoted(turn.deliveries), choices=buttons)
    return handed(need or Need(Cause.UNFIT, reason=fit.problem or Unfit.EMPTY), question, settings)


async def _quiet(turn: Turn) -> None:
    """Hold the reply until the burst's window has closed; whatever overtakes the turn ends the wait."""
    burst = turn.settings.burst_on(turn.last.channel)
    window = Window(burst.window_ms / 1000, burst.cap_ms / 1000)
    while not turn.overtaken():
        closes = window.closes(turn.arrivals, turn.last.message.text, typing_at=turn.attention.typing_at)
        left = closes - time.time()
        if left <= 0:
            return
        turn.attention.changed.clear()
        try:
            async with asyncio.timeout(left):
                await turn.attention.changed.wait()
        except TimeoutError:
            return


async def _commit(
    floor: Floor, turn: Turn, question: Question, made: Outcome, *, remember: bool = True, force: bool = False
) -> Decided | None:
    """Write the decision; None if newer messages came that it must answer too."""
    planned = outcome.actions(made, question, destination(made, turn.settings))
    actions = tuple(replace(action, delivery=turn.last.delivery_id or "") for action in planned)
    decision = Decision(
        turn=turn.id,
        answered=[delivery.message.id for delivery in turn.deliveries],
        actions=actions,
        exchanges=_exchanges(turn, made) if remember else (),
        dead=_dead_letter(turn, made) if turn.begun.tries >= MOST_TRIES or turn.begun.unread else None,
        silence=after_reply(made, question, turn.settings),
        left=made.reason == STEPPED_IN,
        outcome=made.verdict.value,
        cause=named_cause(turn, made),
    )
    if not _by_a_crew(turn, made):
        await floor.turn_budget.give_back(turn)
    force = force or made.verdict is Verdict.SILENCE or not turn.may_restart()
    context = turn.settings.context
    with turn.steps("commit"):
        answer = await patient(
            lambda: floor.conversations.commit(
                turn.begun.hold,
                turn.sequence,
                decision,
                most_context=2 * context.exchanges,
                context_ms=context.ttl_hours * _HOUR_MS,
                force=force,
            )
        )
    if answer is Commit.GROWN:
        return None
    return Decided(question, made, tuple(pending(action) for action in actions))


def named_cause(turn: Turn, made: Outcome) -> str:
    """A handoff's cause in the words that an operator looks for, as `model: 401 invalid_api_key`; never a contact's."""
    why = (turn.failed.error if turn.failed else "") or (made.why or "").replace("_", " ")
    return ": ".join(filter(None, (made.cause, why)))


def _by_a_crew(turn: Turn, made: Outcome) -> bool:
    """Whether the contact reads what a crew has written for this burst."""
    return made.verdict is Verdict.REPLY and turn.draft is not None and turn.draft.served_by not in _OPERATORS


def _exchanges(turn: Turn, made: Outcome) -> list[Exchange]:
    asked = [Exchange("contact", assemble.said(one), one.message.at) for one in turn.deliveries]
    told = [Exchange("crew", listed("\n".join(made.parts), made.choices), time.time())] if made.parts else []
    return [*asked, *told]


def _dead_letter(turn: Turn, made: Outcome) -> bytes:
    DEAD_LETTERS.labels("unread" if turn.begun.unread else "tries").inc()
    _log.error("dead_letter", cause=made.reason, tries=turn.begun.tries)
    return dead_letter(turn.id, turn.begun.hold.conv, made.reason or "", turn.deliveries)

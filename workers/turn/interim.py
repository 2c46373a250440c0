"""A sentence that asks for patience while the answer is made: said once, and never in the answer's way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from chatwootai.channels.outgoing.render import render
from chatwootai.model.message import turn_names
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.turn import Question
from chatwootai.model.policy.greeting import with_greeting
from chatwootai.model.policy.handoff_cause import Sentence
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import INTERIM
from chatwootai.telemetry.steps import Steps
from chatwootai.telemetry.tasks import ended, owned
from config.settings.settings import Settings
from workers.account.tenant import Tenant
from workers.chatwoot.client import MarkPresence
from workers.chatwoot.errors import ChatwootError
from workers.chatwoot.records import Mark
from workers.turn.greeting import missing_greeting

_PENDING = "pending"
_SECONDS = 2.0  # for each call: later the answer itself is nearer
_log = log.get("interim")


class Waiting(Protocol):
    """The part of a turn that this module needs."""

    start: TurnStart
    tenant: Tenant
    steps: Steps
    patience_asked: bool
    patience_said: bool
    begun_at: float

    @property
    def last(self) -> Delivery:
        """Return the newest message of the burst."""
        ...

    @property
    def settings(self) -> Settings:
        """Return the settings of its inbox."""
        ...

    def overtaken(self) -> bool:
        """Tell whether the turn was superseded."""
        ...


@asynccontextmanager
async def patience_asked(turn: Waiting, question: Question) -> AsyncIterator[None]:
    """Ask for patience where the block takes too long. Once it is being said, leaving waits until it stands there.

    So the answer never stands before it.
    """
    interim = turn.settings.interim
    if interim is None or turn.patience_asked:
        yield
        return
    saying = asyncio.Event()
    due = turn.last.received_at + interim.after_ms / 1000
    task = owned(asyncio.create_task(_say_when_due(turn, question, due, saying)), "interim")
    try:
        yield
    finally:
        try:
            if saying.is_set():
                await asyncio.wait({task})
        finally:
            await ended(task)


async def _say_when_due(turn: Waiting, question: Question, due: float, saying: asyncio.Event) -> None:
    await asyncio.sleep(due - time.time())
    if turn.overtaken():
        return
    saying.set()
    turn.patience_asked = True
    began = time.perf_counter()
    try:
        fate = await _say_sentence(turn, question)
        turn.patience_said = fate == "said"
    except ChatwootError as error:  # unsure whether it arrived: never twice, the answer follows in any case
        fate = "failed"
        _log.warning("interim_not_said", error=str(error))
    INTERIM.labels(fate).inc()
    turn.steps.record("interim", time.perf_counter() - began)


def sentence_for(turn: Waiting) -> Sentence:
    """Return the sentence to say: `BUSY` where the message had waited too long before anything began on it."""
    interim = turn.settings.interim
    waited = turn.begun_at - turn.last.received_at
    return Sentence.BUSY if interim is not None and waited * 1000 >= interim.after_ms else Sentence.INTERIM


async def _say_sentence(turn: Waiting, question: Question) -> str:
    """Say it, unless people own the conversation, no text is taken now, or an earlier run of this turn has said it."""
    chatwoot, mark = turn.tenant.chatwoot, Mark(turn_names.interim(question.origin.message), 1)
    conversation, deadline = question.origin.conversation, time.time() + _SECONDS
    shown = await chatwoot.conversation(conversation, deadline=deadline)
    if shown.status != _PENDING or not shown.can_reply:
        return "found"
    after = question.origin.message or None
    found = await chatwoot.find_mark(conversation, mark.turn, mark.part, after=after, deadline=deadline)
    if found.presence is MarkPresence.FOUND or (found.presence is MarkPresence.UNSURE and turn.start.tries):
        return "found"
    sentence = turn.settings.sentence(sentence_for(turn), question.language)
    text = with_greeting(sentence, greeting=missing_greeting(shown.last, question, turn.settings))
    for part in render(question.origin.channel, text, carrier=question.origin.carrier)[:1]:
        await chatwoot.create_message(conversation, part, mark=mark, deadline=time.time() + _SECONDS)
    return "said"

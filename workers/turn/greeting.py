"""The tenant's greeting: once in a conversation, above what is said first, in the contact's language."""

import time
from collections.abc import Iterable
from typing import Protocol

from chatwootai.model.message import turn_names
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.turn import Question
from chatwootai.telemetry.metrics import FAILED_OPEN
from config.settings.settings import Settings
from workers.account.tenant import Tenant
from workers.chatwoot.errors import ChatwootError
from workers.chatwoot.records import Message

_LOOK_SECONDS = 1.0


class Answering(Protocol):
    """The part of a turn that this module needs."""

    tenant: Tenant
    patience_asked: bool
    patience_said: bool

    @property
    def last(self) -> Delivery:
        """Return the newest message of the burst."""
        ...

    @property
    def settings(self) -> Settings:
        """Return the settings of its inbox."""
        ...


async def greeting(turn: Answering, question: Question) -> str:
    """Return the greeting above the first answer; empty where somebody has greeted already.

    Where Chatwoot does not show who did, the answer greets: it may wait in the outbox until Chatwoot takes it. Where a
    sentence that asked for patience may stand there, it does not.
    """
    if not question.greeted or turn.patience_said:  # that sentence has greeted
        return ""
    try:
        found = await turn.tenant.chatwoot.conversation(turn.last.conversation, deadline=time.time() + _LOOK_SECONDS)
    except ChatwootError:
        FAILED_OPEN.labels("greeting").inc()
        return "" if turn.patience_asked else turn.settings.greeting_in(question.language)
    return missing_greeting(found.last, question, turn.settings)


def missing_greeting(newest: Iterable[Message], question: Question, settings: Settings) -> str:
    """Return the greeting that the newest messages of the conversation lack; empty where one has greeted."""
    return "" if not question.greeted or any(map(_is_greeting, newest)) else settings.greeting_in(question.language)


def _is_greeting(message: Message) -> bool:
    """Tell whether a message has greeted: Chatwoot's own greeting, or our sentence that asks for patience."""
    return message.type == "template" or (message.mark is not None and turn_names.asks_for_patience(message.mark.turn))

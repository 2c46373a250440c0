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
    """What a turn is, as far as this goes."""

    tenant: Tenant
    patience_asked: bool

    @property
    def last(self) -> Delivery:
        """The newest message of the burst."""
        ...

    @property
    def settings(self) -> Settings:
        """The settings of its inbox."""
        ...


async def greeting(turn: Answering, question: Question) -> str:
    """What stands above the first answer, unless somebody has greeted already. Unsure: nothing."""
    if not question.greeted or turn.patience_asked:  # the sentence that asked for patience has greeted
        return ""
    try:
        found = await turn.tenant.chatwoot.conversation(turn.last.conversation, deadline=time.time() + _LOOK_SECONDS)
    except ChatwootError:
        FAILED_OPEN.labels("greeting").inc()
        return ""
    return missing_greeting(found.last, question, turn.settings)


def missing_greeting(newest: Iterable[Message], question: Question, settings: Settings) -> str:
    """The greeting that is still to be said, by the newest messages of the conversation."""
    return "" if not question.greeted or any(map(_is_greeting, newest)) else settings.greeting_in(question.language)


def _is_greeting(message: Message) -> bool:
    """Whether a message has said hello for us: Chatwoot's own greeting, or our sentence that asks for patience."""
    return message.type == "template" or (message.mark is not None and turn_names.asks_for_patience(message.mark.turn))

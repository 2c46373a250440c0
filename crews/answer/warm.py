"""One run before the first customer: what crewai and pydantic build on first use is built while nobody waits."""

import time
from collections.abc import Iterable
from typing import Protocol

from chatwootai.model.message.origin import Origin
from chatwootai.model.message.turn import Draft, Question
from config.settings.settings import Settings
from crews.model_calls.call import Call, Completion

_SECONDS = 60.0


class Drafting(Protocol):
    """Crews to warm up, whose model is `Echo`."""

    async def draft(self, question: Question, settings: Settings) -> Draft:
        """See crews.answer.draft.Crews."""
        ...


class Echo:
    """The stack's one method without any network."""

    async def complete(self, call: Call) -> Completion:
        """Return the same word to whatever is asked."""
        return Completion(text="Ready.", finish="stop", model=call.model)


async def warm_up(crews: Drafting, functions: Iterable[str]) -> None:
    """Draft once with each of these crews on its default channel, in this process alone."""
    for function in functions:
        await crews.draft(_question(function), Settings())


def _question(function: str) -> Question:
    return Question(
        turn="warm-up",
        origin=Origin(account="", channel="default"),
        folder="",
        domain="",
        function=function,
        text="Hello?",
        history=(),
        deadline=time.time() + _SECONDS,
    )

"""One run before the first customer: what crewai and pydantic build on first use is built while nobody waits."""

import time

from chatwootai.model.delivery import Contact
from chatwootai.model.turn import Question
from config.settings import Settings
from crews.call import Call, Completion
from crews.catalog import Catalog

_SECONDS = 60.0


class _Echo:
    """The stack's one method without any network."""

    async def complete(self, call: Call) -> Completion:
        return Completion(text="Ready.", finish="stop", model=call.model)


async def warm_up(catalog: Catalog) -> None:
    """Draft once with every crew of the catalog on its default channel, in this process alone."""
    from crews.draft import Crews

    crews = Crews(catalog, _Echo())
    for function in catalog.functions():
        await crews.draft(_question(function), Settings())
    await crews.close()


def _question(function: str) -> Question:
    return Question(
        turn="warm-up",
        account="",
        tenant="",
        domain="",
        inbox=0,
        channel="default",
        function=function,
        conversation=0,
        last_message=0,
        contact=Contact(id=0),
        text="Hello?",
        history=(),
        deadline=time.time() + _SECONDS,
    )

"""Step 7 of a turn: a draft comes, fails, or is thrown away when a signal makes it pointless."""

import asyncio
from collections.abc import Callable

import pytest

from chatwootai.model.message.turn import Draft, Question
from chatwootai.model.policy.handoff_cause import Cause
from crews.errors import BudgetSpent, CrewUnsupported, ModelSilent, ModelUnavailable
from tests.builders import question
from workers.turn.draft import Drafter, Failed, Interrupted, draft_until_superseded
from workers.turn_signals import MESSAGE, TurnSignals


class Slow:
    """A crew that answers when it is let, and knows when its call was closed."""

    def __init__(self) -> None:
        self.asked, self.may, self.closed = asyncio.Event(), asyncio.Event(), False

    async def __call__(self, _: Question) -> Draft:
        self.asked.set()
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.closed = True
            raise
        return Draft(text="Sim.")


def failing(error: Exception) -> Drafter:
    async def draft(_: Question) -> Draft:
        raise error

    return draft


async def drafted(drafter: Drafter, signals: TurnSignals, overtaken: Callable[[], bool] = lambda: False) -> object:
    return await asyncio.wait_for(draft_until_superseded(drafter, question(), signals, overtaken), 20)


async def test_a_draft_comes_though_signals_come_that_change_nothing() -> None:
    crew, signals = Slow(), TurnSignals()
    running = asyncio.create_task(drafted(crew, signals))
    await crew.asked.wait()
    signals.receive(MESSAGE)
    await asyncio.sleep(0)
    crew.may.set()
    assert await running == Draft(text="Sim.")
    assert not crew.closed


async def test_a_message_that_overtakes_it_closes_the_call() -> None:
    crew, signals = Slow(), TurnSignals()
    running = asyncio.create_task(drafted(crew, signals, lambda: signals.messages > 0))
    await crew.asked.wait()
    signals.receive(MESSAGE)
    assert await running == Interrupted()
    assert crew.closed


async def test_where_it_was_overtaken_before_nobody_is_asked() -> None:
    crew = Slow()
    assert await drafted(crew, TurnSignals(), lambda: True) == Interrupted()
    assert not crew.asked.is_set()


async def test_a_turn_that_is_cancelled_closes_the_call() -> None:
    crew = Slow()
    running = asyncio.create_task(drafted(crew, TurnSignals()))
    await crew.asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert crew.closed


@pytest.mark.parametrize(
    ("error", "cause", "reason"),
    [
        (ModelUnavailable("it could not be reached", retry_at=0.0), Cause.MODEL, "away"),
        (BudgetSpent("spent"), Cause.MODEL, "budget"),
        (TimeoutError(), Cause.MODEL, "late"),
        (CrewUnsupported("an agent that codes"), Cause.FAILED, ""),
        (ModelSilent("no word", reason="empty"), Cause.FAILED, ""),
    ],
)
async def test_an_error_becomes_a_cause_for_people(error: Exception, cause: Cause, reason: str) -> None:
    failed = await drafted(failing(error), TurnSignals())
    assert isinstance(failed, Failed)
    assert (failed.cause, failed.reason) == (cause, reason)


async def test_a_mistake_of_ours_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await drafted(failing(ZeroDivisionError()), TurnSignals())

"""Step 7 of a turn: a draft under the deadline, thrown away when the contact writes on or a person steps in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chatwootai.model.message.turn import Draft, Question
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import ended
from crews.errors import BudgetSpent, CrewError, ModelRefused, ModelUnavailable
from crews.model_calls.trouble import briefly, trouble_of
from workers.turn_signals import TurnSignals, wait_for_either

_log = log.get("draft")

Drafter = Callable[[Question], Awaitable[Draft]]


@dataclass(frozen=True, slots=True)
class Failed:
    """No draft, and none to be had before the deadline: people must answer.

    `reason`: why no model answered, one of a fixed few; `error`: that in the few words that an operator looks for.
    """

    cause: Cause
    reason: str = ""
    error: str = ""

    @classmethod
    def of(cls, error: BaseException) -> "Failed":
        """Return the failure that a model's error comes to."""
        return cls(Cause.MODEL, trouble_of(error).value, briefly(error))


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The draft is no longer wanted; the call to the model has been closed."""


async def draft_until_superseded(
    drafter: Drafter, question: Question, signals: TurnSignals, overtaken: Callable[[], bool]
) -> Draft | Failed | Interrupted:
    """Return the draft, or why there is none: it failed, or a signal makes it pointless (`overtaken`)."""
    if overtaken():
        return Interrupted()
    task = asyncio.create_task(_draft(drafter, question), name=f"draft {question.turn}")
    try:
        while not task.done():
            await wait_for_either(task, signals.changed)
            if overtaken():
                return Interrupted()
            signals.changed.clear()
        return await task
    finally:
        await ended(task)


async def _draft(drafter: Drafter, question: Question) -> Draft | Failed:
    """Return the draft. What another attempt could repair was tried again below, for as long as there was time."""
    try:
        return await drafter(question)
    except (ModelUnavailable, ModelRefused, BudgetSpent) as error:
        _log.warning("model_failed", error=str(error), kind=type(error).__name__)
        return Failed.of(error)
    except TimeoutError as error:
        return Failed.of(error)
    except CrewError as error:
        _log.warning("crew_failed", error=str(error), kind=type(error).__name__)
        return Failed(Cause.FAILED)

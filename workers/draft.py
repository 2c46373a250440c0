"""Step 7 of a turn: a draft under the deadline, thrown away when the contact writes on or a person steps in."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from chatwootai.model.handoff import Cause
from chatwootai.model.turn import Draft, Question
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import RETRIES
from crews.errors import BudgetSpent, CrewError, ModelRefused, ModelUnavailable
from workers.attention import Attention

_FIRST_PAUSE = 0.3
_log = log.get("draft")

Drafter = Callable[[Question], Awaitable[Draft]]


@dataclass(frozen=True, slots=True)
class Failed:
    """No draft, and none to be had before the deadline: people must answer."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The draft is no longer wanted; the call to the model has been closed."""


async def drafted(
    drafter: Drafter, question: Question, attention: Attention, overtaken: Callable[[], bool]
) -> Draft | Failed | Interrupted:
    """Draft until there is one, the deadline passes, or a signal makes it pointless (`overtaken`)."""
    if overtaken():
        return Interrupted()
    task = asyncio.create_task(_until_deadline(drafter, question), name=f"draft {question.turn}")
    try:
        while not task.done():
            await either(task, attention.changed)
            if overtaken():
                return Interrupted()
            attention.changed.clear()
        return await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def either(task: asyncio.Task[Any], changed: asyncio.Event) -> None:
    """Wait until the task has ended, or something was heard."""
    heard = asyncio.create_task(changed.wait())
    try:
        await asyncio.wait({task, heard}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        heard.cancel()


async def _until_deadline(drafter: Drafter, question: Question) -> Draft | Failed:
    """Ask again while the deadline allows it; what cannot be repaired by asking again fails at once."""
    pause = _FIRST_PAUSE
    while True:
        try:
            return await drafter(question)
        except ModelUnavailable as error:
            again = max(error.retry_at, time.time() + pause)
            if again >= question.deadline:
                return Failed(Cause.MODEL)
            RETRIES.labels("model").inc()
            _log.warning("model_unavailable", error=str(error), status=error.status)
            await asyncio.sleep(again - time.time())
            pause *= 2
        except TimeoutError:
            return Failed(Cause.MODEL)
        except CrewError as error:
            _log.warning("crew_failed", error=str(error), kind=type(error).__name__)
            return Failed(Cause.MODEL if isinstance(error, ModelRefused | BudgetSpent) else Cause.FAILED)

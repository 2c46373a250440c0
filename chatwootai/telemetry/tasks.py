"""Work beside: ended until it is really over, and never failed in silence."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import structlog

from chatwootai.telemetry.metrics import BACKGROUND_FAILURES

AGAIN_SECONDS = 0.5
_SAID_AGAIN: Final = 60.0
_said: dict[str, float] = {}
_log = structlog.get_logger(__name__)
Task = TypeVar("Task", bound="asyncio.Task[Any]")


async def ended(*tasks: asyncio.Task[Any], again: float = AGAIN_SECONDS) -> None:
    """Cancel tasks and wait for them; again every `again` seconds, for redis-py drops a cancellation while it connects.

    What a task raises is its own affair and stays with it. Cancelled itself, it first ends them all the same: a task
    left behind would meet one cancellation more, as the loop closes, and one that drops that runs for ever.
    """
    interrupted = False
    while running := {task for task in tasks if not task.done()}:
        for task in running:
            task.cancel()
        try:
            await asyncio.wait(running, timeout=again)
        except asyncio.CancelledError:
            interrupted = True
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at: no warning when it is collected
    if interrupted:
        raise asyncio.CancelledError


def owned(task: Task, what: str) -> Task:
    """Count and log, under the name `what`, the failure of a task that nobody awaits. Returns the task."""
    task.add_done_callback(lambda done: _look_at(done, what))
    return task


def _look_at(task: "asyncio.Task[Any]", what: str) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        failed(what, error)


def failed(what: str, error: BaseException) -> None:
    """Count a failure of background work; say it in the log, once a minute for each `what`."""
    BACKGROUND_FAILURES.labels(what).inc()
    now = time.monotonic()
    if now - _said.get(what, -_SAID_AGAIN) >= _SAID_AGAIN:
        _said[what] = now
        _log.error("background_failed", what=what, exc_info=error)


async def for_ever(work: Callable[[], Awaitable[None]], what: str, *, pause: float) -> None:
    """Do `work` again and again, `pause` seconds apart, whatever becomes of it: a failure is counted and said."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - said and done again
            failed(what, error)
        await asyncio.sleep(pause)


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, so many seconds at most; return whether it is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()

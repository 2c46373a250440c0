"""The event loop under watch: how late it is, and what holds it up while it does.

What blocks the loop delays every message of every account at once, and ends a worker's leases. A thread sees that no
tick came; what the loop is at is read from outside of it, so it is told while it happens. A call that keeps Python's
lock to itself (a regular expression, a normalisation) keeps that thread too: of it is told as soon as it ends.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextvars import Context, copy_context
from types import FrameType
from typing import Any, Final, NoReturn
from weakref import WeakKeyDictionary

from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import LOOP_BLOCKED_SECONDS, LOOP_LAG

BLOCKED_SECONDS: Final = 1.0
"""A loop without a tick for so long is blocked. A worker's lease is 5 s unless an operator makes it shorter."""
_TICK_SECONDS: Final = 0.25
_FRAMES: Final = 8
_SHOWN: Final = frozenset({"structlog_account", "structlog_conversation", "structlog_turn", "structlog_delivery"})
_log = log.get("loop")
_contexts: WeakKeyDictionary[asyncio.Task[Any], Context] = WeakKeyDictionary()


async def watch(tick: float = _TICK_SECONDS, blocked: float = BLOCKED_SECONDS, *, contexts: bool = True) -> NoReturn:
    """Measure the loop's lag, and log what blocks it, for ever; run it as a task and cancel it at the end.

    Args:
        tick: seconds between two looks.
        blocked: seconds without a tick from which on the loop is blocked.
        contexts: name whose work it was; it costs each new task a little, and tells nothing where nothing is bound.
    """
    loop = asyncio.get_running_loop()
    if contexts:
        _remember_contexts(loop)
    watchdog = _Watchdog(loop, tick, blocked)
    watchdog.start()
    try:
        while True:
            due = loop.time() + tick
            await asyncio.sleep(tick)
            LOOP_LAG.observe(max(0.0, loop.time() - due))
            watchdog.ticked()
    finally:
        watchdog.stop()


class _Watchdog(threading.Thread):
    """Looks every `tick` seconds whether the loop has ticked. `start` it in the loop's own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tick: float, blocked: float) -> None:
        super().__init__(name="loop-watchdog", daemon=True)
        self._loop, self._tick, self._blocked = loop, tick, blocked
        self._watched = threading.get_ident()
        self._last = time.monotonic()
        self._told = False
        self._ended = threading.Event()

    def ticked(self) -> None:
        """Take note of a tick; say how long it took to come, where that was long."""
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        if seconds >= self._blocked + self._tick:
            LOOP_BLOCKED_SECONDS.observe(seconds)
            _log.warning("loop_was_blocked", seconds=round(seconds, 2))
        self._told = False

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()

    def run(self) -> None:
        """Look until stopped."""
        while not self._ended.wait(self._tick):
            last = self._last
            seconds = time.monotonic() - last
            if seconds < self._blocked or self._told:
                continue
            self._told = True
            # A tick that has come meanwhile makes this the picture of another moment: then nothing is said.
            task, where = asyncio.current_task(self._loop), _stack(sys._current_frames().get(self._watched))
            if self._last == last:
                _log.warning("loop_blocked", seconds=round(seconds, 2), where=where, **_ids(task))


def _ids(task: asyncio.Task[Any] | None) -> Mapping[str, Any]:
    """Return the ids that a task has bound to its log lines: they say whose work it does."""
    if task is None:
        return {}
    context = _context_of(task)
    bound = {variable.name: value for variable, value in context.items()} if context is not None else {}
    ids = {name.removeprefix("structlog_"): bound[name] for name in _SHOWN & bound.keys() if bound[name] is not ...}
    return {"task": task.get_name(), **ids}


def _stack(frame: FrameType | None) -> list[str]:
    """Return the innermost frames as file, line and function; no values, which may be words."""
    return [f"{_short(one.f_code.co_filename)}:{one.f_lineno} {one.f_code.co_name}" for one in _up(frame)]


def _up(frame: FrameType | None) -> Iterator[FrameType]:
    for _ in range(_FRAMES):
        if frame is None:
            return
        yield frame
        frame = frame.f_back


def _short(path: str) -> str:
    return "/".join(path.rsplit("/", 3)[-3:])


if sys.version_info >= (3, 12):

    def _remember_contexts(_loop: asyncio.AbstractEventLoop) -> None:
        """Do nothing: a task tells its context."""

    def _context_of(task: asyncio.Task[Any]) -> Context | None:
        return task.get_context()

else:

    def _remember_contexts(loop: asyncio.AbstractEventLoop) -> None:
        """Keep the context of every task from now on: this Python's tasks do not tell it."""
        loop.set_task_factory(_task)

    def _task(loop: asyncio.AbstractEventLoop, coro: Any, context: Context | None = None) -> asyncio.Task[Any]:
        own = copy_context() if context is None else context
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, context=own)
        _contexts[task] = own
        return task

    def _context_of(task: asyncio.Task[Any]) -> Context | None:
        return _contexts.get(task)

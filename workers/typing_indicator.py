"""The typing indicator: shown while a turn runs, and never in its way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from chatwootai.channels.registry import capabilities_of
from chatwootai.telemetry.metrics import FAILED_OPEN
from chatwootai.telemetry.tasks import owned
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import ChatwootError

REFRESH_SECONDS: Final = 15.0  # Chatwoot's widget hides it by itself after half a minute
_CALL_SECONDS: Final = 3.0

_running: set[asyncio.Task[None]] = set()  # the loop itself holds tasks only weakly


@asynccontextmanager
async def show_typing(
    chatwoot: Chatwoot, conversation: int, *, channel: str, refresh: float = REFRESH_SECONDS
) -> AsyncIterator[None]:
    """Show that somebody types, from now to the end of the block, where the channel shows it.

    Entering and leaving wait for nothing, and no failure comes out: the calls run beside the turn, "off" after "on".
    """
    if not capabilities_of(channel).typing:
        yield
        return
    done = asyncio.Event()
    task = owned(asyncio.create_task(_keep_shown(chatwoot, conversation, done, refresh)), "typing")
    _running.add(task)
    task.add_done_callback(_running.discard)
    try:
        yield
    finally:
        done.set()


async def wait_until_off(seconds: float = _CALL_SECONDS) -> None:
    """Wait, for so long at most, until every "off" is said: for a worker that stops."""
    if _running:
        await asyncio.wait(set(_running), timeout=seconds)


async def _keep_shown(chatwoot: Chatwoot, conversation: int, done: asyncio.Event, refresh: float) -> None:
    try:
        while not done.is_set():
            await _set_typing(chatwoot, conversation, on=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), refresh)
    finally:
        await _set_typing(chatwoot, conversation, on=False)


async def _set_typing(chatwoot: Chatwoot, conversation: int, *, on: bool) -> None:
    try:
        await chatwoot.typing(conversation, on=on, deadline=time.time() + _CALL_SECONDS)
    except ChatwootError:
        FAILED_OPEN.labels("typing").inc()

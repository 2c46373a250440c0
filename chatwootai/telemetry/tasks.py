"""Ending what runs beside: cancelled until it is really over."""

import asyncio
from typing import Any

AGAIN_SECONDS = 0.5


async def ended(*tasks: asyncio.Task[Any], again: float = AGAIN_SECONDS) -> None:
    """Cancel tasks and wait for them; again every `again` seconds, for redis-py drops a cancellation while it connects.

    What a task raises is its own affair and stays with it.
    """
    while running := {task for task in tasks if not task.done()}:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=again)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at: no warning when it is collected

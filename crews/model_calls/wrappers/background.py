"""Work of the stack after a call, while nobody waits: bookkeeping, looking at what other workers found."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import owned


class Background:
    """Small pieces of work that are held until they are done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do it soon. Its lines carry no ids of the turn that starts it: others may wait for what it does."""
        task = owned(asyncio.create_task(work, context=log.own_context()), "model calls")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self) -> None:
        """Return once all of it is done."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

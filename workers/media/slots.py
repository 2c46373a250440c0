"""Slots for work that waits on strangers: a number for all, and a smaller one for each account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Own:
    """One account's places, and how many of its works hold or await one."""

    room: asyncio.Semaphore
    works: int = field(default=0)


class AccountSlots:
    """Lets `total` works run at once, `each` of one account; an account that has too many waits for its own."""

    def __init__(self, total: int, each: int) -> None:
        self._room = asyncio.Semaphore(total)
        self._each = each
        self._own: dict[str, _Own] = {}

    @asynccontextmanager
    async def of(self, account: str) -> AsyncIterator[None]:
        """Wait for a slot, and free it at the end."""
        own = self._own.setdefault(account, _Own(asyncio.Semaphore(self._each)))
        own.works += 1
        try:
            async with own.room, self._room:
                yield
        finally:
            own.works -= 1
            if own.works == 0:
                self._own.pop(account, None)

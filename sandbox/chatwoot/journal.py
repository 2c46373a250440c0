"""What happened, numbered, so that others can wait for it: events, API calls, webhook deliveries."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.chatwoot.records import Json

Wanted = Callable[[Json], bool]


@dataclass(slots=True)
class Journal:
    """One numbered list, the newest `limit` entries kept. Each entry has `n` and `at` (unix seconds)."""

    limit: int = 20_000
    entries: deque[Json] = field(init=False)
    last: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _loop: asyncio.AbstractEventLoop | None = None
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.entries = deque(maxlen=self.limit)

    def add(self, entry: Json) -> Json:
        """Write an entry down and wake whoever waits."""
        self.last += 1
        numbered = {"n": self.last, "at": round(time.time(), 4)} | entry
        self.entries.append(numbered)
        self.wake()
        return numbered

    def wake(self) -> None:
        """Let waiters look again, as after a change inside an entry."""
        task = asyncio.get_running_loop().create_task(self._wake())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    def after(self, number: int, wanted: Wanted | None = None) -> list[Json]:
        """All entries newer than `number` that are wanted, oldest first."""
        new: list[Json] = []
        for entry in reversed(self.entries):
            if entry["n"] <= number:
                break
            if wanted is None or wanted(entry):
                new.append(entry)
        return new[::-1]

    async def wait(self, number: int, wanted: Wanted | None = None, timeout: float = 25.0) -> list[Json]:  # noqa: ASYNC109 - a long poll answers with nothing in the end
        """Wait until there are wanted entries newer than `number`; [] after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        async with self._news:
            while not (found := self.after(number, wanted)):
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return []
                try:
                    await asyncio.wait_for(self._news.wait(), remaining)
                except TimeoutError:
                    return []
        return found

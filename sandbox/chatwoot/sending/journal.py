"""Journal of all that happened, numbered, so that others can wait for it: events, API calls, webhook deliveries."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from sandbox.chatwoot.world.records import Json

Wanted = Callable[[Json], bool]


@dataclass(slots=True)
class Journal:
    """One numbered list, the newest `limit` entries kept. Each entry has `n` and `at` (unix seconds)."""

    limit: int = 20_000
    last: int = 0
    entries: deque[Json] = field(init=False)
    _moves: deque[Json] = field(init=False)  # entries in the order in which they came or changed
    _moved: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.entries = deque(maxlen=self.limit)
        self._moves = deque(maxlen=self.limit)

    def add(self, entry: Json) -> Json:
        """Write an entry down and wake whoever waits."""
        self.last += 1
        numbered = {"n": self.last, "at": round(time.time(), 4)} | entry
        self.entries.append(numbered)
        self.touch(numbered)
        return numbered

    def touch(self, entry: Json) -> None:
        """Let waiters look at an entry again: it has changed."""
        self._moves.append(entry)
        self._moved += 1
        news, self._news = self._news, asyncio.Event()
        news.set()

    def after(self, number: int, wanted: Wanted | None = None) -> list[Json]:
        """Return all entries newer than `number` that are wanted, oldest first."""
        new: list[Json] = []
        for entry in reversed(self.entries):
            if entry["n"] <= number:
                break
            if wanted is None or wanted(entry):
                new.append(entry)
        return new[::-1]

    async def wait(self, number: int, wanted: Wanted | None = None, timeout: float = 25.0) -> list[Json]:  # noqa: ASYNC109 - a long poll answers with nothing in the end
        """Wait until there are wanted entries newer than `number`; [] after `timeout` seconds."""
        seen, news = self._moved, self._news
        found = self.after(number, wanted)
        try:
            async with asyncio.timeout(timeout):
                while not found:
                    await news.wait()
                    fresh, seen, news = self._since(seen), self._moved, self._news
                    found = [e for e in fresh if e["n"] > number and (wanted is None or wanted(e))]
        except TimeoutError:
            return []
        return found

    def _since(self, seen: int) -> list[Json]:
        """Return what has moved since `seen` moves.

        Waiters look at news only, or many of them would wear the loop out.
        """
        return list(islice(reversed(self._moves), self._moved - seen))[::-1]

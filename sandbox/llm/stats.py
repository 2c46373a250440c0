"""Statistics of a sandbox LLM: counts, the last requests, and waiting for either to reach a number."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.llm.errors import Refused

_KEPT = 1000


@dataclass(slots=True)
class Entry:
    """One request. `outcome`: flying, answered, refused, cancelled (the client left), or the fault that met it."""

    number: int
    path: str
    model: str
    stream: bool
    body: dict[str, Any]
    at: float
    outcome: str = "flying"
    status: int = 0
    answer: str = ""
    seconds: float | None = None

    def shown(self) -> dict[str, Any]:
        """Return the entry as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Stats:
    """Counts since the start or the last reset; `log` holds the last 1000 requests."""

    requests: int = 0
    in_flight: int = 0
    in_flight_max: int = 0
    answered: int = 0
    cancelled: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    log: deque[Entry] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def flight(self, path: str, body: dict[str, Any]) -> Iterator[Entry]:
        """Count a request in and out; a client that leaves before its answer counts as cancelled."""
        self.requests += 1
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)
        model, stream = str(body.get("model")), bool(body.get("stream"))
        entry = Entry(self.requests, path, model, stream, body, time.time())
        self.log.append(entry)
        self.changed()
        started = time.monotonic()
        try:
            yield entry
        except (asyncio.CancelledError, ConnectionError):
            entry.outcome = "cancelled" if entry.outcome == "flying" else entry.outcome
            raise
        except Refused as refused:
            entry.status = refused.status
            entry.outcome = "refused" if entry.outcome == "flying" else entry.outcome
            raise
        finally:
            entry.seconds = round(time.monotonic() - started, 6)
            self._land(entry)

    def _land(self, entry: Entry) -> None:
        self.in_flight -= 1
        entry.outcome = "answered" if entry.outcome == "flying" and entry.status == 200 else entry.outcome
        self.answered += entry.outcome == "answered"
        self.cancelled += entry.outcome == "cancelled"
        self.statuses[str(entry.status or entry.outcome)] += 1
        self.changed()

    def changed(self) -> None:
        """Tell everyone who waits that a count moved."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, name: str, at_least: int | None, at_most: int | None) -> None:
        """Return once the count called `name` is at least, or at most, so much."""
        while not _within(self.counts()[name], at_least, at_most):
            await self._changed.wait()

    def counts(self) -> dict[str, Any]:
        """Return all counts as JSON."""
        names = (
            "requests",
            "in_flight",
            "in_flight_max",
            "answered",
            "cancelled",
            "prompt_tokens",
            "completion_tokens",
        )
        return {**{name: getattr(self, name) for name in names}, "faults": self.faults, "statuses": self.statuses}

    def reset(self) -> None:
        """Forget everything but what is in flight."""
        self.requests = self.answered = self.cancelled = self.prompt_tokens = self.completion_tokens = 0
        self.in_flight_max = self.in_flight
        self.faults.clear()
        self.statuses.clear()
        self.log.clear()
        self.changed()


def _within(value: int, at_least: int | None, at_most: int | None) -> bool:
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)

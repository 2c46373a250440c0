"""Customers who write at an even pace until something is over, and the seconds until each was answered."""

import asyncio
import statistics
import time
from contextlib import suppress
from typing import Any

from tests.faults.desk import Desk, Ground

PER_SECOND = 5


class TimedDesk(Desk):
    """Notes when each message was written and first answered. `failover`: when nobody could be answered."""

    def __init__(self, ground: Ground, scenario: str) -> None:
        super().__init__(ground, scenario)
        self.written: dict[str, float] = {}
        self.heard: dict[str, float] = {}
        self.failover: list[tuple[float, float]] = []

    def _note(self, event: dict[str, Any]) -> None:
        super()._note(event)
        for code in self.answered - self.heard.keys():
            self.heard[code] = time.monotonic()

    async def write_until(self, over: asyncio.Event) -> None:
        """One new customer after the other, until it is over."""
        writing, number = set(), 0
        while not over.is_set():
            writing.add(asyncio.create_task(self._write(number)))
            number += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 1 / PER_SECOND)
        await asyncio.gather(*writing)

    async def _write(self, number: int) -> None:
        begun = time.monotonic()
        sent = await self.write(number=number)
        (code,) = [code for code, each in self.asked.items() if each is sent]
        self.written[code] = begun

    def seconds(self, *, failing: bool) -> list[float]:
        """From writing to the first answer, of those that were under way in a failover, or of all others."""
        found = []
        for code, begun in self.written.items():
            end = self.heard.get(code, begun)
            within = any(begun <= last and end >= first for first, last in self.failover)
            if within == failing:
                found.append(end - begun)
        return found


def quantiles(seconds: list[float]) -> str:
    """Median and 95th percentile, in words."""
    if len(seconds) < 2:
        return "-"
    return f"median {statistics.median(seconds):.2f} s, p95 {statistics.quantiles(seconds, n=20)[-1]:.2f} s"

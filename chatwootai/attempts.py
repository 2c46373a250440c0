"""Attempts at something that may fail for a moment: pauses between them, and a deadline that none begins after."""

import asyncio
import math
import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Self


class attempts:  # noqa: N801 - used as a function: `async for number in attempts(...)`
    """Yields the numbers of attempts, from 1: the first at once, each further one after a pause.

    The body ends the loop by `return` or `break` where an attempt succeeded; the loop ends by itself where no pause is
    left, or the next attempt would begin at `until` (unix seconds) or later. Where a failure tells when to come again,
    the body says so (`wait`), and learns whether there is another attempt.
    """

    def __init__(self, pauses: Iterable[float], *, until: float = math.inf) -> None:
        """Prepare one attempt more than there are `pauses`: seconds before the second, third, ... attempt."""
        self._pauses = iter(pauses)
        self._until = until
        self._made = 0
        self._pause: float | None = None

    @property
    def pause(self) -> float | None:
        """Return the seconds before the next attempt; None if no pause is left. `until` is not looked at."""
        return self._pause

    def wait(self, seconds: float) -> bool:
        """Let the next attempt begin in `seconds` instead of after its pause; return whether it is made."""
        if self._pause is not None:
            self._pause = seconds
        return self._is_followed()

    def _is_followed(self) -> bool:
        return self._pause is not None and time.time() + self._pause < self._until

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> int:
        if self._made:
            if self._pause is None or not self._is_followed():
                raise StopAsyncIteration
            await asyncio.sleep(self._pause)
        self._made += 1
        self._pause = next(self._pauses, None)
        return self._made


def doubled(first: float, longest: float) -> Iterator[float]:
    """Yield pauses without end, in seconds: `first`, then twice as long each time, at most `longest`."""
    return (min(longest, first * 2.0**number) for number in count())

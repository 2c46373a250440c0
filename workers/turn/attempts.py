"""The most attempts of a turn, the pauses before each, and calls that wait out a Redis that is away."""

import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chatwootai.attempts import attempts, doubled
from chatwootai.stores.server.connection import StoreUnavailable

T = TypeVar("T")

MOST_ATTEMPTS = 5
"""Tries of one turn before it becomes a dead letter and people get the conversation."""

_FIRST, _LONGEST = 1.0, 60.0
_UNDELIVERED_LONGEST = 30.0


def backoff(tries: int) -> float:
    """Return the seconds before try `tries + 1`: doubled each time, jittered to part a crowd."""
    return min(_LONGEST, _FIRST * 2.0**tries) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret


def pause_until_chatwoot(waiting_since: float) -> float:
    """Return the seconds before Chatwoot is asked again: half of what this reply has waited, jittered."""
    waited = max(0.0, time.time() - waiting_since)
    return max(1.0, min(_UNDELIVERED_LONGEST, waited / 2)) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not a secret


async def retry_while_redis_down(call: Callable[[], Awaitable[T]], *, seconds: float = 60.0) -> T:
    """Call until Redis is there, for calls that bear repetition.

    Raises:
        StoreUnavailable: it was away for longer than `seconds`; the job's lease has long ended then.
    """
    async for _ in attempts(doubled(0.05, 1.0), until=time.time() + seconds):
        try:
            return await call()
        except StoreUnavailable as error:
            away = error
    raise away

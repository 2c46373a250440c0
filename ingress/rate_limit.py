"""Limits the deliveries that an account may have admitted: a token bucket each, in this process' memory.

It counts after the signature, so a stranger who knows the address cannot use up a tenant's rate; and it counts only
what would become a turn, so Chatwoot's echoes of our own replies are never refused (Chatwoot opens a conversation to
people when a delivery about one of its messages fails). In memory, because a limit that needs a round trip costs more
than it saves and must not fail when Redis does; with n ingress processes an account has up to n times its rate.

Chatwoot gives up within seconds, and then opens the conversation to people; so what comes at once beyond the rate is
admitted on credit, half as much again, and answered after everybody else's. Only beyond that it is refused.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_CREDIT_FROM: Final = 60
"""Deliveries a minute from which on there is credit: a smaller rate is somebody's exact word."""
_SAY_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimits:
    """A bucket an account: a minute's worth, so that a backlog sent at once passes, and half of it on credit."""

    __slots__ = ("_buckets", "_clock")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, account: str, per_minute: int) -> int:
        """Take a token: 0, or the whole seconds after which there will be one.

        Accounts come from the configuration, never from a stranger, so there are never more buckets than tenants.
        """
        now = self._clock()
        bucket = self._buckets.get(account)
        if bucket is None:
            bucket = self._buckets[account] = _Bucket(per_minute, now)
        per_second, lowest = per_minute / 60, -credit(per_minute)
        bucket.tokens = max(lowest, min(per_minute, bucket.tokens + (now - bucket.at) * per_second))
        bucket.at = now
        if bucket.tokens >= lowest + 1:
            bucket.tokens -= 1
            return 0
        return max(1, math.ceil((lowest + 1 - bucket.tokens) / per_second))

    def on_credit(self, account: str) -> bool:
        """Return whether what was taken last was more than the rate allows."""
        return self._buckets[account].tokens < 0


def credit(per_minute: int) -> int:
    """Return how many deliveries beyond a rate are admitted, to be answered after everybody else's."""
    return per_minute // 2 if per_minute >= _CREDIT_FROM else 0


class CountsPerMinute:
    """Counts by key, and returns the count when a minute has passed since it was last told: a flood is one line."""

    __slots__ = ("_clock", "_counts", "_told")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str], int] = {}
        self._told: dict[tuple[str, str], float] = {}

    def add(self, account: str, what: str) -> int:
        """Count one more; return how many came since it was last told, or 0 where that is less than a minute ago."""
        key, now = (account, what), self._clock()
        count = self._counts.get(key, 0) + 1
        if now - self._told.get(key, -math.inf) < _SAY_SECONDS:
            self._counts[key] = count
            return 0
        self._counts[key], self._told[key] = 0, now
        return count

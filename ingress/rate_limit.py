"""Limits the deliveries that an account may have admitted: a token bucket each, in this process' memory.

It counts after the signature, so a stranger who knows the address cannot use up a tenant's rate; and it counts only
what would become a turn, so Chatwoot's echoes of our own replies are never refused (Chatwoot opens a conversation to
people when a delivery about one of its messages fails). In memory, because a limit that needs a round trip costs more
than it saves and must not fail when Redis does; with n ingress processes an account has up to n times its rate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimits:
    """A bucket an account: it holds a minute's worth, so that a backlog sent at once still passes."""

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
        per_second = per_minute / 60
        bucket.tokens = min(per_minute, bucket.tokens + (now - bucket.at) * per_second)
        bucket.at = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(1, math.ceil((1 - bucket.tokens) / per_second))

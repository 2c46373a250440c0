"""Requests and tokens a minute for each key, and the headers that tell of them."""

import time
from dataclasses import dataclass, field

from sandbox.llm.errors import rate_limited

_UNLIMITED = {"requests": 30_000, "tokens": 150_000_000}


@dataclass(slots=True)
class Bucket:
    """So many a minute, refilled evenly; starts full. Times in seconds of one clock."""

    rate: float
    level: float = field(init=False)
    at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.level = self.rate

    def fill(self, now: float) -> None:
        """Let in what time has brought."""
        self.level = min(self.rate, self.level + (now - self.at) * self.rate / 60) if self.at else self.rate
        self.at = now

    def wait(self, amount: float) -> float:
        """Return the seconds until `amount` can be taken; 0 when it can now."""
        return max(0.0, (min(amount, self.rate) - self.level) * 60 / self.rate)


class Limits:
    """The limits of all keys. Without a rate nothing is refused, and the headers show a large one."""

    def __init__(self, requests: int | None, tokens: int | None) -> None:
        self._rates = {"requests": requests, "tokens": tokens}
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self.refused = 0

    def admit(self, key: str, tokens: int) -> dict[str, str]:
        """Take one request of about `tokens` tokens from `key`'s minute; return the rate-limit headers.

        Raises:
            Refused: 429, the key is over its rate.
        """
        amounts = {"requests": 1, "tokens": tokens}
        buckets = {what: self._bucket(key, what) for what in amounts}
        waits = {what: buckets[what].wait(amount) for what, amount in amounts.items() if self._rates[what]}
        late = max(waits, key=lambda what: waits[what], default=None)
        if late and waits[late] > 0:
            self.refused += 1
            raise rate_limited(late, waits[late], _headers(buckets))
        for what, amount in amounts.items():
            buckets[what].level -= amount
        return _headers(buckets)

    def _bucket(self, key: str, what: str) -> Bucket:
        bucket = self._buckets.setdefault((key, what), Bucket(self._rates[what] or _UNLIMITED[what]))
        bucket.fill(time.monotonic())
        return bucket


def _headers(buckets: dict[str, Bucket]) -> dict[str, str]:
    headers = {}
    for what, bucket in buckets.items():
        headers[f"x-ratelimit-limit-{what}"] = str(round(bucket.rate))
        headers[f"x-ratelimit-remaining-{what}"] = str(max(0, int(bucket.level)))
        headers[f"x-ratelimit-reset-{what}"] = f"{bucket.wait(bucket.rate):.3f}s"
    return headers

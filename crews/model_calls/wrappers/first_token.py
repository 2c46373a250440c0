"""Time to a model's first word, learned as it answers: a quantile without keeping what was seen. Pure.

Each observation moves the estimate a little: up by as much as the share that should lie below, down by the rest. So a
request that was closed at the estimate, and whose true time nobody will know, still counts rightly: it lies above.
"""

import math

_FIRST_STEP = 0.06
_LEAST_STEP = 0.01
_SETTLED = 150  # observations after which steps are small


class RunningQuantile:
    """The value that `share` of all observations lie below, as far as is known; above 0."""

    __slots__ = ("_seen", "_share", "value")

    def __init__(self, share: float, start: float) -> None:
        self._share = share
        self._seen = 0
        self.value = start

    def see(self, value: float) -> None:
        """Take one observation into account."""
        step = max(_LEAST_STEP, _FIRST_STEP * _SETTLED / (_SETTLED + self._seen))
        self._seen += 1
        self.value *= math.exp(step * (self._share if value > self.value else self._share - 1))


COLD_HEDGE = 0.9
"""Seconds to a first token after which a second request is worth it, until more is known."""
_EARLIEST, _LATEST = 0.6, 1.5
_COLD_MEDIAN = 0.6
_HEDGED_BEYOND = 0.95
_NEVER_WINS = 6  # second requests in a row that did not win
_TRIED_AGAIN = 3600.0  # seconds


class FirstTokenPace:
    """One target's pace, and how many second requests its calls have earned (`share` of a call each)."""

    __slots__ = ("_earned", "_late", "_lost", "_lost_at", "_median")

    _MOST_EARNED = 5.0

    def __init__(self) -> None:
        self._median = RunningQuantile(0.5, _COLD_MEDIAN)
        self._late = RunningQuantile(_HEDGED_BEYOND, COLD_HEDGE)
        self._earned = 1.0
        self._lost = 0  # second requests in a row that did not win, the last at `_lost_at`
        self._lost_at = 0.0

    def second_ended(self, *, won: bool, now: float) -> None:
        """Note that a second request to this target won, or was closed; `now` in seconds of any clock."""
        self._lost, self._lost_at = 0 if won else self._lost + 1, now

    def worth_a_second(self, now: float) -> bool:
        """Return whether second requests to this target ever win; after an hour without one that is tried again."""
        return self._lost < _NEVER_WINS or now - self._lost_at > _TRIED_AGAIN

    def see(self, seconds: float) -> None:
        """Learn from a first word after so many seconds, or from a request that was closed then without one."""
        self._median.see(seconds)
        self._late.see(seconds)

    @property
    def patience(self) -> float | None:
        """Return seconds after which a second request is worth it; None where half of all first words come later still.

        Such a model is slow, not stuck (it thinks, or does not stream): a second request would be as slow.
        """
        if self._median.value > _LATEST:
            return None
        return min(max(self._late.value, _EARLIEST), _LATEST)

    @property
    def late(self) -> float:
        """Return the learned p95 itself, in seconds."""
        return self._late.value

    def call(self, share: float) -> None:
        """Note that a call begins, and earns its share of a second request."""
        self._earned = min(self._MOST_EARNED, self._earned + share)

    def spend(self) -> bool:
        """Take a second request from what was earned; False if there is none."""
        if self._earned < 1.0:
            return False
        self._earned -= 1.0
        return True

"""The most attempts of a turn, and the pauses before each."""

import random
import time

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

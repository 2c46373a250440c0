"""When a burst has ended: the quiet time that a reply waits for, while the model already thinks."""

from collections.abc import Sequence
from dataclasses import dataclass

SUPERSEDE_SHARE = 0.6
"""A newer message restarts the draft until this share of the deadline is used; later ones get a turn of their own."""


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds of quiet that end a burst, and the longest that its first message waits for them."""

    quiet: float
    cap: float

    def closes(self, arrivals: Sequence[float], *, typing_at: float | None = None) -> float:
        """When a burst with these arrivals (unix seconds, any order) may be answered.

        `typing_at`: when the contact was last seen typing, which lengthens the window like a message would.
        """
        last = max(*arrivals, typing_at) if typing_at is not None else max(arrivals)
        return min(last + self.quiet, min(arrivals) + self.cap)


def may_restart(arrivals: Sequence[float], now: float, deadline_seconds: float) -> bool:
    """Whether a message that has just come should still be taken into the draft that runs."""
    return now - min(arrivals) < SUPERSEDE_SHARE * deadline_seconds

"""What a priority buys: a head start, and past a point a lane with slots of its own."""

LOWEST, HIGHEST, DEFAULT = 0, 10, 5
HIGH_LANE_FROM = 7
BOOST_PER_STEP_MS = 12_000
"""One step of priority weighs as much as having waited this long: so nothing waits more than 120 s for its betters."""


def lane_of(priority: int) -> str:
    """The lane of a priority: "high" may use the slots that a worker keeps free for it, "normal" may not."""
    return "high" if priority >= HIGH_LANE_FROM else "normal"


def boost_ms(priority: int) -> int:
    """How many milliseconds of waiting this priority is worth."""
    return max(LOWEST, min(HIGHEST, priority)) * BOOST_PER_STEP_MS

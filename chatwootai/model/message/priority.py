"""Computes a delivery's priority, 0 to 10, higher first: the operator's, raised for VIPs and long waits.

| what | steps |
|---|---|
| base | the inbox's priority, or its account's |
| a label `vip` on the conversation | + 3 |
| the customer waits for a minute / five / half an hour | + 1 / + 2 / + 3 |

A raise is smaller than the span on purpose: an operator's 0 (newsletters) never overtakes another's 9 (orders).
"""

from typing import Final

from chatwootai.model.message.delivery import Delivery

LOWEST, HIGHEST, DEFAULT = 0, 10, 5
HIGH_LANE_FROM = 7
BOOST_PER_STEP_MS = 12_000
"""One step of priority weighs as much as having waited this long: so nothing waits more than 120 s for its betters."""


def lane_of(priority: int) -> str:
    """Return the lane of a priority: "high" may use the slots that a worker keeps free for it, "normal" may not."""
    return "high" if priority >= HIGH_LANE_FROM else "normal"


def boost_ms(priority: int) -> int:
    """Return how many milliseconds of waiting this priority is worth."""
    return max(LOWEST, min(HIGHEST, priority)) * BOOST_PER_STEP_MS


VIP_LABELS: Final = frozenset({"vip"})
VIP_STEPS: Final = 3
WAITING_STEPS: Final = ((1800.0, 3), (300.0, 2), (60.0, 1))  # (seconds waited, steps), the longest first


def priority_of(delivery: Delivery, base: int) -> int:
    """Return the priority of a delivery whose inbox or account has priority `base`."""
    vip = VIP_STEPS if any(label.lower() in VIP_LABELS for label in delivery.labels) else 0
    return max(LOWEST, min(HIGHEST, base + vip + _waiting_steps(delivery)))


def _waiting_steps(delivery: Delivery) -> int:
    if delivery.waiting_since is None:
        return 0
    waited = delivery.received_at - delivery.waiting_since
    return next((steps for seconds, steps in WAITING_STEPS if waited >= seconds), 0)

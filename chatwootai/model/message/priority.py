"""How urgent a delivery is, 0 to 10, higher first: what the operator says, raised for who is a VIP or waits already.

| what | steps |
|---|---|
| base | the inbox's priority, or its account's |
| a label `vip` on the conversation | + 3 |
| the customer waits for a minute / five / half an hour | + 1 / + 2 / + 3 |

A raise is smaller than the span on purpose: an operator's 0 (newsletters) never overtakes another's 9 (orders).
"""

from typing import Final

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.lanes import HIGHEST, LOWEST

VIP_LABELS: Final = frozenset({"vip"})
VIP_STEPS: Final = 3
WAITING_STEPS: Final = ((1800.0, 3), (300.0, 2), (60.0, 1))  # (seconds waited, steps), the longest first


def priority_of(delivery: Delivery, base: int) -> int:
    """The priority of a delivery whose inbox or account has priority `base`."""
    vip = VIP_STEPS if any(label.lower() in VIP_LABELS for label in delivery.labels) else 0
    return max(LOWEST, min(HIGHEST, base + vip + _waiting_steps(delivery)))


def _waiting_steps(delivery: Delivery) -> int:
    if delivery.waiting_since is None:
        return 0
    waited = delivery.received_at - delivery.waiting_since
    return next((steps for seconds, steps in WAITING_STEPS if waited >= seconds), 0)

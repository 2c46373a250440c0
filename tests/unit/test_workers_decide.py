"""A turn's view of its burst."""

import time
from typing import Any, cast

from chatwootai.model.delivery import Contact, Delivery, Message
from workers.decide import Turn


def delivery(received_at: float) -> Delivery:
    return Delivery(
        account="1",
        conversation=1,
        inbox=1,
        channel="api",
        message=Message(id=1, text="x", at=0),
        contact=Contact(id=1),
        received_at=received_at,
    )


def test_what_waited_before_the_turn_began_counts_as_come_then() -> None:
    now = time.time()
    turn = Turn(*cast(Any, (None, None, None)), (delivery(now - 5), delivery(now + 5)), 1)
    late, newer = turn.arrivals
    assert now <= late <= time.time()
    assert newer == now + 5

"""The priority rule, as a table."""

import pytest

from chatwootai.model.message.delivery import Contact, Delivery, Message
from chatwootai.model.message.priority import priority_of

NOW = 1_795_183_402.0


def delivery(labels: tuple[str, ...] = (), waited: float | None = None) -> Delivery:
    return Delivery(
        account="1", conversation=25, inbox=17, channel="whatsapp", received_at=NOW, labels=labels,
        message=Message(id=1, text="x", at=NOW), contact=Contact(id=2),
        waiting_since=None if waited is None else NOW - waited,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("base", "labels", "waited", "priority"),
    [
        (5, (), None, 5),
        (0, (), None, 0),
        (10, (), None, 10),
        (5, (), 0, 5),
        (5, (), 59.9, 5),
        (5, (), 60, 6),
        (5, (), 300, 7),
        (5, (), 1800, 8),
        (5, (), 1e9, 8),
        (5, (), -60, 5),
        (5, ("vip",), None, 8),
        (5, ("billing", "VIP"), None, 8),
        (5, ("vipassana",), None, 5),
        (5, ("vip", "Vip"), None, 8),
        (5, ("vip",), 1800, 10),
        (9, ("vip",), 60, 10),
        (0, ("vip",), 1800, 6),
        (-4, (), None, 0),
        (99, (), None, 10),
    ],
)
def test_the_rule(base: int, labels: tuple[str, ...], waited: float | None, priority: int) -> None:
    assert priority_of(delivery(labels, waited), base) == priority

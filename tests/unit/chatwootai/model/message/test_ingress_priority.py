"""The priority rule, as a table."""

import pytest

from chatwootai.model.message.priority import priority_of
from tests.builders import delivery

NOW = 1_795_183_402.0


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
    since = None if waited is None else NOW - waited
    one = delivery(labels=labels, waiting_since=since, received_at=NOW)
    assert priority_of(one, base) == priority

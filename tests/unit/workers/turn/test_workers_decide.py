"""A turn's view of its burst."""

import time
from types import SimpleNamespace
from typing import Any, cast

from config.settings.settings import Settings
from tests.builders import delivery
from workers.turn.interim import sentence_for
from workers.turn.state import Turn

NONE = cast(Any, None)


def test_what_waited_before_the_turn_began_counts_as_come_then() -> None:
    now = time.time()
    turn = Turn(NONE, NONE, NONE, (delivery(received_at=now - 5), delivery(received_at=now + 5)), 1, NONE)
    late, newer = turn.arrivals
    assert now <= late <= time.time()
    assert newer == now + 5


def test_a_message_that_waited_for_its_turn_hears_of_many_conversations() -> None:
    settings = Settings.model_validate({"interim": {"after_ms": 2000}})
    tenant = cast(Any, SimpleNamespace(settings=lambda _inbox: settings))
    now = time.time()
    for waited, sentence in ((1.9, "interim"), (2.1, "busy")):
        turn = Turn(
            cast(Any, None),
            tenant,
            cast(Any, None),
            (delivery(received_at=now - waited),),
            1,
            cast(Any, None),
            begun_at=now,
        )
        assert sentence_for(turn) == sentence

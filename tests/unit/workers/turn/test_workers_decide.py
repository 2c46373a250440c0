"""A turn's view of its burst."""

import time
from types import SimpleNamespace
from typing import Any, cast

from chatwootai.model.message.delivery import Contact, Delivery, Message
from config.settings.settings import Settings
from workers.turn.interim import sentence_for
from workers.turn.state import Turn

NONE = cast(Any, None)


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
    turn = Turn(NONE, NONE, NONE, (delivery(now - 5), delivery(now + 5)), 1, NONE)
    late, newer = turn.arrivals
    assert now <= late <= time.time()
    assert newer == now + 5


def test_a_message_that_waited_for_its_turn_hears_of_many_conversations() -> None:
    settings = Settings.model_validate({"interim": {"after_ms": 2000}})
    tenant = cast(Any, SimpleNamespace(settings=lambda _inbox: settings))
    now = time.time()
    for waited, sentence in ((1.9, "interim"), (2.1, "busy")):
        turn = Turn(
            cast(Any, None), tenant, cast(Any, None), (delivery(now - waited),), 1, cast(Any, None), begun_at=now
        )
        assert sentence_for(turn) == sentence

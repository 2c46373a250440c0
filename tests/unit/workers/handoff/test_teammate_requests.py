"""What teammates ask for by what they do: the status, and whose the messages are that wait there."""

import pytest

from chatwootai.model.message.effects import RequestedStatus
from tests.builders import delivery
from tests.turn_parts import Worker, conversation, start
from workers.handoff.teammate_requests import apply_request


@pytest.mark.parametrize(
    ("wish", "now", "answered", "said"),
    [(RequestedStatus.OPEN, "pending", [7], ["Cadê?"]), (RequestedStatus.PENDING, "open", [], [])],
)
async def test_people_who_take_it_answer_what_waits_and_who_gives_it_back_leaves_it_to_us(
    wish: RequestedStatus, now: str, answered: list[int], said: list[str]
) -> None:
    worker = Worker()
    worker.desk.shown = conversation(status=now)
    await apply_request(worker.context, worker.tenant(), start(deliveries=(delivery(7, "Cadê?"),)), wish)
    (decision,) = worker.outbox.decisions
    assert (list(decision.answered), [each.text for each in decision.exchanges]) == (answered, said)
    assert (decision.applied_status, decision.left, worker.outbox.forced) == (wish, True, [True])
    assert worker.desk.calls == ["show", f"set_status {wish.value}"]


@pytest.mark.parametrize(("wish", "now"), [(RequestedStatus.OPEN, "resolved"), (RequestedStatus.PENDING, "resolved")])
async def test_a_conversation_that_somebody_ended_meanwhile_stays_ended(wish: RequestedStatus, now: str) -> None:
    worker = Worker()
    worker.desk.shown = conversation(status=now)
    await apply_request(worker.context, worker.tenant(), start(), wish)
    assert worker.desk.calls == ["show"]
    assert worker.outbox.replaced[0]["drop_turn"] is True

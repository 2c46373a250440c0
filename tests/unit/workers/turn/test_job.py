"""A conversation's job: what it does with what it finds, and what becomes of it where a step raises."""

import time
from contextlib import nullcontext
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from chatwootai.model.message.effects import RequestedStatus
from chatwootai.model.message.outbox import ActionKind
from chatwootai.stores.conversation.decision import pending
from chatwootai.stores.conversation.lease import Stale
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.server.connection import StoreUnavailable
from tests.builders import delivery
from tests.turn_parts import LEASE, Worker, action, start
from workers.away import AccountClosed, ChatwootAway
from workers.turn import job
from workers.turn.attempts import MOST_ATTEMPTS
from workers.turn.job import work
from workers.turn_signals import SignalRouter

WAITING = (delivery(7), delivery(8))


class Jobs(Worker):
    """A worker of account 1. `does`: what its turn raises, None: nothing; `served`: the mapping has the account."""

    def __init__(self, began: TurnStart | None, does: Exception | None = None, *, served: bool = True) -> None:
        super().__init__()
        self.outbox.begun, self.does, self.served = began, does, served
        self.signal_router, self.order = SignalRouter(), list[str]()

    def tenant_of(self, _account: str, _conversation: int, _inbox: int | None) -> Any:
        return self.tenant() if self.served else None

    def calls(self, _start: TurnStart) -> None:
        return None

    def typing(self, *_: object) -> Any:
        return nullcontext()

    async def enter(self, _tenant: object, _conv: str) -> None:
        self.order.append("entered")


@pytest.fixture(autouse=True)
def _turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that does as its worker says, and no record of it."""

    async def run(worker: Any, turn: Any) -> None:
        worker.order.append(f"turn of {len(turn.deliveries)}")
        if worker.does is not None:
            raise worker.does

    async def record(worker: Any, _turn: object) -> None:
        worker.order.append("recorded")

    async def silence(worker: Any, *_: object) -> None:
        worker.order.append("silence broken")

    monkeypatch.setattr(job, "run", run)
    monkeypatch.setattr(job, "record_turn", record)
    monkeypatch.setattr(job, "break_silence", silence)


async def worked(worker: Jobs) -> Jobs:
    worker.standing.enter = worker.enter  # type: ignore[attr-defined]
    with capture_logs():  # a traceback for people takes seconds to be made
        await work(worker.context, LEASE.conv, LEASE.job, lost=False)
    return worker


async def test_a_job_that_is_not_its_to_take_does_nothing() -> None:
    worker = await worked(Jobs(None))
    assert (worker.outbox.done, worker.order) == ([], [])


async def test_what_an_earlier_run_decided_goes_out_before_the_answer() -> None:
    worker = await worked(Jobs(start(outbox=(pending(action()),), deliveries=WAITING)))
    assert worker.outbox.done == ["asked", "sent", "finished"]
    assert worker.order == ["entered", "turn of 2", "recorded"]


async def test_a_silence_is_broken_only_where_nobody_has_written() -> None:
    assert (await worked(Jobs(start(idle_note=b"{}")))).order == ["entered", "silence broken"]
    written = await worked(Jobs(start(idle_note=b"{}", deliveries=WAITING)))
    assert written.order == ["entered", "turn of 2", "recorded"]


async def test_a_teammates_request_comes_before_an_answer() -> None:
    worker = await worked(Jobs(start(requested_status=RequestedStatus.OPEN, deliveries=WAITING)))
    assert worker.order == ["entered"]
    assert list(worker.outbox.decisions[0].answered) == [7, 8]


async def test_entries_that_nobody_can_read_are_kept_in_a_letter_and_hold_nothing_up() -> None:
    worker = await worked(Jobs(start(broken=(b"{", b"?"), deliveries=WAITING)))
    assert worker.outbox.done[0] == "discarded 2 as broken-1:25-1"
    assert worker.order[-1] == "recorded"


async def test_an_account_that_the_mapping_lost_leaves_a_letter() -> None:
    worker = await worked(Jobs(start(deliveries=WAITING), served=False))
    (decision,) = worker.outbox.decisions
    letter = orjson.loads(decision.dead or b"")
    assert (letter["cause"], len(letter["deliveries"])) == ("the account is not in the mapping", 2)
    assert (decision.actions, worker.outbox.done) == ((), ["finished"])
    assert (await worked(Jobs(start(), served=False))).outbox.decisions == []


class TestRaises:
    """A turn that does not end well."""

    async def test_another_job_has_it_and_this_one_leaves(self) -> None:
        worker = await worked(Jobs(start(deliveries=WAITING), Stale("1:25")))
        assert (worker.outbox.done, worker.outbox.again_in) == ([], [])

    async def test_redis_away_for_long_leaves_it_to_the_lease(self) -> None:
        with pytest.raises(StoreUnavailable):
            await worked(Jobs(start(deliveries=WAITING), StoreUnavailable("away")))

    @pytest.mark.parametrize(("after", "behind"), [(3.0, ""), (None, "1")])
    async def test_a_closed_account_looks_again_or_waits_for_the_one_that_does(
        self, after: float | None, behind: str
    ) -> None:
        worker = await worked(Jobs(start(deliveries=WAITING), AccountClosed("HTTP 401", after)))
        (again,) = worker.outbox.again_in
        assert (again["count"], again["cause"], again["behind"]) == (False, "HTTP 401", behind)
        assert again["after"] == 3.0 if after else 600 <= again["after"] <= 900

    @pytest.mark.parametrize(
        ("waited", "until", "least", "most"),
        [
            (0.0, 0.0, 0.75, 1.25),
            (10.0, 0.0, 3.75, 6.3),  # half of what the reply has waited
            (3600.0, 0.0, 22.5, 37.5),
            (0.0, 100.0, 99.0, 100.0),  # as Chatwoot says
            (0.0, 9000.0, 600.0, 600.0),  # whatever it says
        ],
    )
    async def test_chatwoot_away_puts_it_off_and_counts_no_try(
        self, waited: float, until: float, least: float, most: float
    ) -> None:
        now = time.time()
        away = ChatwootAway("503", now - waited, now + until if until else 0.0)
        (again,) = (await worked(Jobs(start(deliveries=WAITING), away))).outbox.again_in
        assert (again["count"], least <= again["after"] <= most) == (False, True)

    async def test_a_surprise_is_a_try(self) -> None:
        (again,) = (await worked(Jobs(start(tries=1, deliveries=WAITING), KeyError("x")))).outbox.again_in
        assert (again["count"], again["cause"]) == (True, "KeyError")
        assert 1.0 <= again["after"] <= 3.0

    async def test_after_the_last_try_the_conversation_is_opened_with_a_letter(self) -> None:
        worker = await worked(Jobs(start(tries=MOST_ATTEMPTS + 1, deliveries=WAITING), KeyError("x")))
        (decision,) = worker.outbox.decisions
        assert [(each.kind, each.text) for each in decision.actions] == [(ActionKind.STATUS, "open")]
        assert orjson.loads(decision.dead or b"")["turn"] == decision.turn == "given-up-1:25-1"
        assert (worker.outbox.done, worker.outbox.again_in) == (["finished"], [])

    async def test_the_last_try_itself_is_repeated_once_more(self) -> None:
        worker = await worked(Jobs(start(tries=MOST_ATTEMPTS, deliveries=WAITING), KeyError("x")))
        assert (worker.outbox.decisions, len(worker.outbox.again_in)) == ([], 1)

    async def test_without_a_message_there_is_nothing_to_give_up(self) -> None:
        worker = Jobs(start(tries=MOST_ATTEMPTS + 1, outbox=(pending(action()),)))
        worker.desk.fails("show", KeyError("x"))
        assert len((await worked(worker)).outbox.again_in) == 1

    @pytest.mark.parametrize("raised", [KeyError("x"), ChatwootAway("503", 0.0), AccountClosed("401", None)])
    async def test_taken_by_another_job_while_it_is_put_off_it_leaves(self, raised: Exception) -> None:
        worker = Jobs(start(deliveries=WAITING), raised)
        worker.outbox.fault = Stale("1:25")
        await worked(worker)
        assert worker.outbox.done == []

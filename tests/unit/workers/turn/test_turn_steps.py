"""The steps of a turn, each on a turn of its own: what they find, and what they say comes next."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.turn import Draft, ServedBy, SilenceReason, Verdict
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.conversation.turn_start import TurnStart
from config.settings.settings import Settings
from tests.builders import delivery
from tests.settings_looks import turn as turn_of
from workers.turn import pipeline
from workers.turn.attempts import MOST_ATTEMPTS
from workers.turn.draft import Failed, Interrupted
from workers.turn.draft_request import request_draft
from workers.turn.outcome import await_quiet, check_overtaken, decide_outcome, give_up, hand_over_unread
from workers.turn.question import ask_question
from workers.turn.state import Turn
from workers.turn.step import DECIDED, NEXT, RESTART, Next
from workers.turn_signals import MESSAGE, TurnSignals

BASE = yaml.safe_load(Path("config/domains/_base/config.yaml").read_text())
SETTINGS = Settings.model_validate({"sentences": BASE["sentences"], "burst": {"window_ms": 50, "cap_ms": 100}})


class Floor:
    """What the steps under test take of a worker: nothing is lost, and the mailbox holds `waiting`."""

    def __init__(self, waiting: Sequence[Delivery] = ()) -> None:
        self.conversations = self
        self.waiting = tuple(waiting)

    def at_words(self, _begun: TurnStart) -> Any:
        class Block:
            async def __aenter__(self) -> None: ...

            async def __aexit__(self, *_: object) -> None: ...

        return Block()

    async def read(self, _lease: FencedLease) -> tuple[int, tuple[Delivery, ...]]:
        return 7, self.waiting


FLOOR = cast(Any, Floor())


@pytest.fixture
def turn() -> Turn:
    made = turn_of(SETTINGS, waited=0.0)
    made.signals = TurnSignals()
    made.calls = cast(Any, SimpleNamespace(done=(), doubtful=()))
    made.start = replace(made.start, context=())
    return made


async def asked(turn: Turn) -> Turn:
    assert await ask_question(FLOOR, turn) is NEXT
    return turn


async def test_a_question_restarts_with_nothing_of_the_last_one(turn: Turn) -> None:
    turn.result, turn.outcome = Interrupted(), cast(Any, "old")
    await asked(turn)
    assert (turn.result, turn.outcome, turn.asked.text) == (None, None, "Qual o prazo?")


async def test_words_alone_may_call_for_people_and_no_draft_is_requested(turn: Turn) -> None:
    delivery = turn.last
    turn.deliveries = (replace(delivery, message=replace(delivery.message, text="quero falar com um atendente")),)
    await asked(turn)
    assert isinstance(turn.result, Need)
    assert turn.result.cause is Cause.ASKED
    before = turn.result
    assert await request_draft(FLOOR, turn) is NEXT
    assert turn.result is before


@pytest.mark.parametrize(("tries", "then"), [(MOST_ATTEMPTS - 1, NEXT), (MOST_ATTEMPTS, DECIDED)])
async def test_the_last_try_is_people(turn: Turn, tries: int, then: Next) -> None:
    turn.start = replace(turn.start, tries=tries)
    assert await give_up(FLOOR, await asked(turn)) is then
    assert (turn.outcome is not None and turn.outcome.cause == Cause.FAILED) is (then is DECIDED)


async def test_unread_words_reach_people_and_no_memory(turn: Turn) -> None:
    assert await hand_over_unread(FLOOR, turn) is NEXT
    turn.start = replace(turn.start, unread=True, lost=2)
    assert await hand_over_unread(FLOOR, turn) is DECIDED
    assert (turn.decided.cause, turn.remember, turn.force) == (Cause.UNREAD, False, True)
    assert "prazo" not in (turn.decided.note or "") + turn.asked.text


@pytest.mark.parametrize(
    ("word", "reason", "status"),
    [("takeover", SilenceReason.STEPPED_IN, "open"), ("resolved", SilenceReason.RESOLVED, None)],
)
async def test_a_person_ends_the_turn_in_silence(turn: Turn, word: str, reason: str, status: str | None) -> None:
    turn.result = Draft(text="Três dias.")
    turn.signals.receive(word, time.time() + 1)
    assert await check_overtaken(FLOOR, turn) is DECIDED
    assert (turn.decided.verdict, turn.decided.silence, turn.decided.status) == (Verdict.SILENCE, reason, status)


async def test_the_contact_writing_on_begins_it_anew(turn: Turn) -> None:
    turn.result = Draft(text="Três dias.")
    assert await check_overtaken(FLOOR, turn) is NEXT
    turn.signals.receive(MESSAGE)
    assert await check_overtaken(FLOOR, turn) is RESTART
    turn.signals.settle()
    turn.result = Interrupted()
    assert await check_overtaken(FLOOR, turn) is RESTART


async def test_the_window_is_waited_for_unless_there_is_nothing_to_say(turn: Turn) -> None:
    turn.result, start = Failed(Cause.MODEL), time.monotonic()
    assert await await_quiet(FLOOR, turn) is NEXT
    assert turn.steps.as_list() == []
    turn.result = Draft(text="Três dias.")
    waits = asyncio.create_task(await_quiet(FLOOR, turn))
    await waits
    assert [name for name, _ in turn.steps.as_list()] == ["window"]
    assert time.monotonic() >= start


@pytest.mark.parametrize("served_by", ServedBy)
async def test_only_the_operators_words_may_say_anything(turn: Turn, served_by: ServedBy) -> None:
    turn.result = Draft(text="O campo account_id devolve error 500 nessa chamada.", served_by=served_by)
    await asked(turn)
    turn.result = Draft(text="O campo account_id devolve error 500 nessa chamada.", served_by=served_by)
    assert await decide_outcome(FLOOR, turn) is NEXT
    assert turn.decided.verdict is (Verdict.REPLY if served_by.by_operator else Verdict.HANDOFF)


async def test_a_failure_is_people_with_its_cause(turn: Turn) -> None:
    await asked(turn)
    turn.result = Failed(Cause.MODEL, "key_refused", "401 invalid_api_key")
    await decide_outcome(FLOOR, turn)
    assert (turn.decided.cause, turn.decided.why) == (Cause.MODEL, "key_refused")
    assert turn.failed is turn.result


class Script:
    """Steps that say what they are told to, and note that they ran."""

    def __init__(self, **says: list[Next]) -> None:
        self.says, self.ran = says, list[str]()

    def step(self, name: str) -> Any:
        async def step(_floor: Any, _turn: Turn) -> Next:
            self.ran.append(name)
            return self.says[name].pop(0)

        return step


@pytest.mark.parametrize(
    ("says", "waiting", "ran"),
    [
        ({"a": [NEXT], "b": [NEXT], "commit": [NEXT], "post": [NEXT]}, True, "a b commit post"),
        ({"a": [DECIDED], "commit": [NEXT], "post": [NEXT]}, True, "a commit post"),
        (
            {"a": [NEXT, NEXT], "b": [RESTART, NEXT], "commit": [NEXT], "post": [NEXT]},
            True,
            "a b a b commit post",
        ),
        (
            {"a": [NEXT, DECIDED], "b": [NEXT], "commit": [RESTART, NEXT], "post": [NEXT]},
            True,
            "a b commit a commit post",
        ),
        ({"a": [RESTART], "commit": [NEXT], "post": [NEXT]}, False, "a commit post"),
    ],
)
async def test_what_a_step_says_comes_next(
    turn: Turn, monkeypatch: pytest.MonkeyPatch, says: dict[str, list[Next]], waiting: bool, ran: str
) -> None:
    script = Script(**says)
    monkeypatch.setattr(pipeline, "STEPS", tuple(script.step(name) for name in ("a", "b", "commit", "post")))
    monkeypatch.setattr(pipeline, "_COMMIT", 2)
    more = delivery(8, "E o preço?", at=time.time())
    await pipeline.run(cast(Any, Floor([more] if waiting else ())), turn)
    assert " ".join(script.ran) == ran
    if not waiting:
        assert (turn.decided.silence, turn.remember) == (SilenceReason.TAKEN_BACK, False)
    elif "RESTART" in str(says):
        assert turn.last.message.id == 8


def test_the_commit_comes_after_every_decision_and_before_the_post() -> None:
    names = [step.__name__ for step in pipeline.STEPS]
    assert names.index("decide_outcome") < pipeline._COMMIT < names.index("deliver_outbox")
    assert names[pipeline._COMMIT] == "commit_outcome"

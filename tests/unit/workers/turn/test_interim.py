"""The sentence that asks for patience: when it is said, when not, and that the answer never stands before it."""

import asyncio
import time
from collections import deque
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chatwootai.model.message import turn_names
from chatwootai.telemetry.metrics import INTERIM
from chatwootai.telemetry.steps import Steps
from config.settings.settings import Settings
from tests.builders import delivery, question
from tests.turn_parts import Desk, conversation, message, start
from workers.chatwoot.client import MarkPresence
from workers.chatwoot.errors import FateUnknown
from workers.chatwoot.records import Mark
from workers.turn.interim import patience_asked

SETTINGS = Settings.model_validate(
    {
        "interim": {"after_ms": 500},
        "sentences": {"pt": {"interim": "Um momento.", "busy": "Há muita gente."}},
        "greeting": "Olá!",
    }
)
QUESTION = question(conversation=25, message=7, language="pt")


class Waiting:
    """A turn whose message came `ago` seconds ago, before a Chatwoot of its own."""

    def __init__(self, ago: float = 60.0, *, settings: Settings = SETTINGS, tries: int = 0) -> None:
        self.desk = Desk()
        self.start = start(tries=tries)
        self.tenant = SimpleNamespace(chatwoot=self.desk)
        self.steps, self.settings = Steps(), settings
        self.patience_asked = self.patience_said = self.superseded = False
        now = time.time()
        self.last = delivery(received_at=now - ago)
        self.begun_at = now - ago

    def overtaken(self) -> bool:
        return self.superseded

    @property
    def texts(self) -> list[str]:
        return [post["text"] for post in self.desk.posts]


async def answered_late(turn: Waiting) -> None:
    """Take as long for the answer as the sentence takes to be due."""
    async with patience_asked(cast(Any, turn), QUESTION):
        for _ in range(20):
            await asyncio.sleep(0)


def fate(name: str) -> float:
    return float(INTERIM.labels(name)._value.get())


async def test_it_is_said_once_under_a_mark_of_its_own_and_timed() -> None:
    turn, before = Waiting(), fate("said")
    await answered_late(turn)
    await answered_late(turn)
    assert turn.texts == ["Um momento."]
    assert turn.desk.posts[0]["mark"] == Mark(turn_names.interim(7), 1)
    assert (turn.patience_asked, turn.patience_said, fate("said") - before) == (True, True, 1)
    assert [name for name, _ in turn.steps.as_list()] == ["interim"]


async def test_it_greets_where_it_is_what_is_said_first() -> None:
    turn = Waiting()
    async with patience_asked(cast(Any, turn), question(conversation=25, message=7, language="pt", greeted=True)):
        await asyncio.sleep(0.01)
    assert turn.texts == ["Olá!\n\nUm momento."]


async def test_an_answer_in_time_needs_none_and_leaves_nothing_running() -> None:
    turn = Waiting(ago=0.0)
    async with patience_asked(cast(Any, turn), QUESTION):
        assert len(asyncio.all_tasks()) == 2
    assert (len(asyncio.all_tasks()), turn.desk.calls, turn.patience_asked) == (1, [], False)


async def test_without_the_setting_nothing_begins() -> None:
    turn = Waiting(settings=Settings())
    async with patience_asked(cast(Any, turn), QUESTION):
        assert len(asyncio.all_tasks()) == 1


async def test_a_turn_that_was_overtaken_says_nothing_and_may_say_it_later() -> None:
    turn = Waiting()
    turn.superseded = True
    await answered_late(turn)
    assert (turn.desk.calls, turn.patience_asked) == ([], False)


@pytest.mark.parametrize("shown", [{"status": "open"}, {"can_reply": False}])
async def test_nothing_is_said_where_people_have_it_or_the_channel_takes_no_text(shown: dict[str, Any]) -> None:
    turn, before = Waiting(), fate("found")
    turn.desk.shown = conversation(**shown)
    await answered_late(turn)
    assert (turn.texts, fate("found") - before) == ([], 1)


@pytest.mark.parametrize(
    ("presence", "tries", "said"),
    [
        (MarkPresence.FOUND, 0, False),
        (MarkPresence.UNSURE, 0, True),  # a first run cannot have said it
        (MarkPresence.UNSURE, 1, False),
        (MarkPresence.ABSENT, 1, True),
    ],
)
async def test_what_an_earlier_run_said_is_not_said_again(presence: MarkPresence, tries: int, said: bool) -> None:
    turn = Waiting(tries=tries)
    turn.desk.marks = deque([presence])
    await answered_late(turn)
    assert bool(turn.texts) is said


async def test_chatwoots_trouble_is_counted_and_is_not_the_answers() -> None:
    turn, before = Waiting(), fate("failed")
    turn.desk.fails("create_message", FateUnknown("create", "cut"))
    await answered_late(turn)
    assert (turn.patience_asked, fate("failed") - before) == (True, 1), "it may stand there: never again"
    assert not turn.patience_said


class Held(Desk):
    """A Chatwoot that answers a post when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.posting, self.may = asyncio.Event(), asyncio.Event()

    async def create_message(self, _number: int, text: str, **how: Any) -> int:
        self.posting.set()
        await self.may.wait()
        return await super().create_message(_number, text, **how)


async def test_once_it_is_being_said_the_answer_waits_until_it_stands_there() -> None:
    turn, desk = Waiting(), Held()
    turn.tenant = SimpleNamespace(chatwoot=desk)
    order: list[str] = []

    async def answer() -> None:
        async with patience_asked(cast(Any, turn), QUESTION):
            await desk.posting.wait()
        order.append(f"answer after {len(desk.posts)}")

    running = asyncio.create_task(answer())
    await desk.posting.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    assert order == []
    desk.may.set()
    await running
    assert order == ["answer after 1"]


async def test_a_turn_that_is_cancelled_leaves_no_sentence_behind() -> None:
    turn, desk = Waiting(), Held()
    turn.tenant = SimpleNamespace(chatwoot=desk)

    async def answer() -> None:
        async with patience_asked(cast(Any, turn), QUESTION):
            await asyncio.Event().wait()

    running = asyncio.create_task(answer())
    await desk.posting.wait()
    for _ in range(2):
        running.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(asyncio.all_tasks()) == 1


async def test_a_contact_who_wrote_while_we_said_other_things_hears_of_many() -> None:
    turn = Waiting(ago=60.0)
    turn.begun_at = time.time()
    turn.desk.shown = conversation(last=(message(8, 3),))
    await answered_late(turn)
    assert turn.texts == ["Há muita gente."]

"""The tenant's greeting stands above what is said first, once, also where Chatwoot is away or has refused."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from chatwootai.model.message import turn_names
from config.settings.settings import Settings
from tests.builders import delivery, question
from workers.chatwoot import records
from workers.chatwoot.errors import TryAgain
from workers.turn.greeting import greeting, missing_greeting

SETTINGS = Settings.model_validate({"greeting": "Olá!"})
FIRST = question(greeted=True, language="pt")


def said(kind: int, **more: Any) -> records.Message:
    found = records.message({"id": 8, "message_type": kind, "content": "x", **more})
    assert found is not None
    return found


def turn(*newest: records.Message, away: bool = False, asked: bool = False, heard: bool = False) -> Any:
    """What this step takes of a turn: a Chatwoot that shows these messages, or is away."""

    async def conversation(number: int, *, deadline: float) -> Any:
        assert (number, deadline > 0) == (25, True)
        if away:
            raise TryAgain("conversation", "away", 0.0)
        return SimpleNamespace(last=newest)

    tenant = SimpleNamespace(chatwoot=SimpleNamespace(conversation=conversation))
    patience = {"patience_asked": asked, "patience_said": heard}
    return cast(Any, SimpleNamespace(tenant=tenant, last=delivery(), settings=SETTINGS, **patience))


async def test_the_first_answer_is_greeted_with() -> None:
    assert await greeting(turn(said(0), said(2)), FIRST) == "Olá!"


async def test_only_a_first_answer_and_only_once() -> None:
    assert await greeting(turn(), question(greeted=False)) == ""
    assert await greeting(turn(asked=True, heard=True), FIRST) == ""
    assert await greeting(turn(said(3)), FIRST) == ""  # Chatwoot's own greeting is a template


async def test_an_answer_that_waits_for_chatwoot_greets() -> None:
    assert await greeting(turn(away=True), FIRST) == "Olá!"
    assert await greeting(turn(away=True), question(greeted=False)) == ""


async def test_where_the_sentence_that_asks_for_patience_was_refused_the_answer_greets() -> None:
    assert await greeting(turn(asked=True), FIRST) == "Olá!"
    assert await greeting(turn(asked=True, away=True), FIRST) == "", "it may stand there"


@pytest.mark.parametrize(("name", "greets"), [(turn_names.interim(7), True), ("t1", False)])
def test_our_sentence_that_asked_for_patience_has_greeted(name: str, greets: bool) -> None:
    ours = records.Message(
        id=8, content="x", type="outgoing", private=False, sender_type=None, sender_id=None, at=None,
        mark=records.Mark(name, 1),
    )  # fmt: skip
    assert (missing_greeting([ours], FIRST, SETTINGS) == "") is greets

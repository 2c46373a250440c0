"""A silence whose time has come: what is done depends on what Chatwoot shows by then."""

from typing import Any

import orjson
import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.turn import Exchange
from chatwootai.stores.conversation.decision import Commit
from config.settings.settings import Settings
from tests.turn_parts import Worker, conversation, message, start
from workers.away import AccountClosed, ChatwootAway
from workers.chatwoot.errors import Gone, OutOfTime, TokenRefused
from workers.chatwoot.operations import SHOW, Owner
from workers.handoff.idle import break_silence

SETTINGS = Settings.model_validate(
    {
        "idle": {"remind_after_minutes": 10, "end_after_minutes": 60, "end": "close"},
        "sentences": {"pt": {"reminder": "Ainda está aí?", "closing": "Até logo!"}},
    }
)
TO_PEOPLE = SETTINGS.model_copy(update={"idle": SETTINGS.idle.model_copy(update={"end": "people"})})
CONTEXT = (Exchange(Role.CONTACT, "Oi?", 1.0), Exchange(Role.CREW, "Olá.", 2.0))


def note(**changes: Any) -> bytes:
    usual = {"step": "remind", "inbox": 17, "channel": "whatsapp", "after": 7, "language": "pt"}
    return orjson.dumps(usual | changes)


async def broken(worker: Worker, settings: Settings = SETTINGS, **changes: Any) -> Any:
    """Return the decision that the silence came to."""
    began = start(idle_note=note(**changes), context=CONTEXT)
    await break_silence(worker.context, worker.tenant(settings), began)
    return worker.outbox.decisions[0]


async def test_a_reminder_is_committed_remembered_and_posted_if_nothing_is_said_meanwhile() -> None:
    worker = Worker()
    decision = await broken(worker)
    assert [(each.kind, each.alone, each.after) for each in decision.actions] == [(ActionKind.REPLY, True, 7)]
    assert [each.text for each in decision.exchanges] == ["Ainda está aí?"]
    assert decision.idle_timer is not None, "the end follows"
    assert worker.outbox.forced == [False], "a message that came meanwhile ends the silence"
    assert [post["text"] for post in worker.desk.posts] == ["Ainda está aí?"]


async def test_the_end_says_goodbye_and_resolves() -> None:
    worker = Worker()
    await broken(worker, step="end")
    assert [post["text"] for post in worker.desk.posts] == ["Até logo!"]
    assert worker.desk.calls[-1] == "set_status resolved"


async def test_the_end_gives_it_to_people_under_its_cause() -> None:
    worker = Worker()
    decision = await broken(worker, TO_PEOPLE, step="end")
    assert (decision.outcome, decision.cause) == ("handoff", "idle")
    assert worker.desk.calls[-1] == "set_status open"


@pytest.mark.parametrize(
    "shown",
    [{"status": "open"}, {"status": "resolved"}, {"last": (message(8),)}],
    ids=["people have it", "it is over", "the contact has written, and no webhook came"],
)
async def test_what_is_no_silence_any_more_is_left_alone(shown: dict[str, Any]) -> None:
    worker = Worker()
    worker.desk.shown = conversation(**shown)
    decision = await broken(worker, step="end")
    assert (list(decision.actions), decision.outcome, decision.idle_timer) == ([], "silence", None)
    assert worker.desk.posts == []


async def test_where_a_message_came_while_we_looked_nothing_is_posted() -> None:
    worker = Worker()
    worker.outbox.answer = Commit.GROWN
    await broken(worker)
    assert worker.desk.posts == []


async def test_a_conversation_that_is_gone_is_left_alone_and_a_lost_account_waits() -> None:
    worker = Worker()
    worker.desk.fails("show", Gone(SHOW.name, 404, "no"))
    assert (await broken(worker)).outcome == "silence"
    worker.standing.lost = AccountClosed("404", None)
    worker.desk.fails("show", Gone(SHOW.name, 404, "no"))
    with pytest.raises(AccountClosed):
        await broken(worker)


async def test_chatwoots_trouble_puts_it_off() -> None:
    worker = Worker()
    worker.desk.fails("show", OutOfTime(SHOW.name, 0.0))
    with pytest.raises(ChatwootAway):
        await broken(worker)
    worker.desk.fails("show", TokenRefused(SHOW.name, Owner.BOT, 401, "no"))
    with pytest.raises(AccountClosed):
        await broken(worker)
    assert worker.outbox.decisions == []

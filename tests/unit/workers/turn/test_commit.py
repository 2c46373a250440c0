"""Step 9 of a turn: what a decision holds, when it asks for newer messages, and who learns of the answer."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.turn import Draft, Outcome, ServedBy, SilenceReason
from chatwootai.model.policy import outcome
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.stores.conversation.decision import Commit
from config.settings.settings import Settings
from tests.builders import delivery, question
from tests.settings_looks import turn as turn_of
from tests.turn_parts import Worker
from workers.turn.attempts import MOST_ATTEMPTS
from workers.turn.commit import commit_outcome, deliver_outbox
from workers.turn.draft import Failed
from workers.turn.state import Turn
from workers.turn.step import NEXT, RESTART

REPLY = outcome.reply(("Um.", "Dois."), choices=("A", "B"))
HANDOFF = outcome.handoff(Need(Cause.MODEL, reason="key_refused"), ("Um momento.",), "why", "no model")
SILENCE = outcome.silence(SilenceReason.STEPPED_IN, status="open")


def turn(made: Outcome = REPLY, settings: Settings | None = None, **changes: Any) -> Turn:
    found = turn_of(settings or Settings(), waited=0.0)
    found.question, found.outcome = question(turn=found.id, message=7), made
    found.draft = Draft(text="Um. Dois.") if made is REPLY else None
    for name, value in changes.items():
        setattr(found, name, value)
    return found


async def committed(made: Turn) -> tuple[Any, Worker]:
    worker = Worker()
    assert await commit_outcome(worker.context, made) is NEXT
    return worker.outbox.decisions[0], worker


async def test_a_reply_is_committed_with_its_words_in_the_context() -> None:
    one = turn()
    decision, _ = await committed(one)
    assert (decision.turn, list(decision.answered), decision.outcome) == (one.id, [7], "reply")
    assert [each.kind for each in decision.actions] == [ActionKind.REPLY, ActionKind.REPLY]
    assert [(each.role, each.text) for each in decision.exchanges] == [
        (Role.CONTACT, "Qual o prazo?"),
        (Role.CREW, "Um.\nDois.\n\n1. A\n2. B"),
    ]
    assert [entry.action for entry in one.outbox] == list(decision.actions)


async def test_what_is_not_to_be_remembered_is_answered_all_the_same() -> None:
    decision, _ = await committed(turn(remember=False))
    assert (decision.exchanges, list(decision.answered)) == ((), [7])


async def test_where_more_was_written_the_turn_begins_again_with_nothing_to_deliver() -> None:
    worker, one = Worker(), turn()
    worker.outbox.answer = Commit.GROWN
    assert await commit_outcome(worker.context, one) is RESTART
    assert one.outbox == ()


@pytest.mark.parametrize(
    ("made", "changes", "force"),
    [
        (REPLY, {}, False),
        (SILENCE, {}, True),  # nobody waits: there is nothing to answer better
        (REPLY, {"force": True}, True),
        (REPLY, {"deliveries": (delivery(received_at=1.0),), "begun_at": 1.0}, True),  # too late to begin again
    ],
)
async def test_newer_messages_are_asked_for_unless_that_is_no_use(
    made: Outcome, changes: dict[str, Any], force: bool
) -> None:
    _, worker = await committed(turn(made, **changes))
    assert worker.outbox.forced == [force]


@pytest.mark.parametrize(
    ("made", "served_by", "given_back"),
    [
        (REPLY, ServedBy.CREW, 0),
        (REPLY, next(each for each in ServedBy if each.by_operator), 1),
        (HANDOFF, None, 1),
        (SILENCE, None, 1),
    ],
)
async def test_a_turn_that_no_crew_answered_is_given_back(
    made: Outcome, served_by: ServedBy | None, given_back: int
) -> None:
    _, worker = await committed(turn(made, draft=Draft(text="Um.", served_by=served_by) if served_by else None))
    assert worker.turn_budget.given_back == given_back


@pytest.mark.parametrize(
    ("tries", "unread", "kept"), [(MOST_ATTEMPTS - 1, False, False), (MOST_ATTEMPTS, False, True), (0, True, True)]
)
async def test_a_turn_that_gives_up_leaves_a_letter_with_its_messages(tries: int, unread: bool, kept: bool) -> None:
    one = turn(HANDOFF)
    one.start = replace(one.start, tries=tries, unread=unread)
    decision, _ = await committed(one)
    assert (decision.dead is not None) is kept
    if kept:
        letter = orjson.loads(decision.dead)
        assert (letter["turn"], letter["cause"], len(letter["deliveries"])) == (one.id, "model: no model", 1)


async def test_a_burst_left_to_people_is_told_from_one_that_was_answered() -> None:
    assert (await committed(turn(SILENCE)))[0].left
    assert not (await committed(turn()))[0].left


async def test_a_reply_agrees_on_what_follows_a_silence() -> None:
    settings = Settings.model_validate({"idle": {"remind_after_minutes": 10, "end_after_minutes": 20}})
    assert (await committed(turn(settings=settings)))[0].idle_timer is not None
    assert (await committed(turn(HANDOFF, settings)))[0].idle_timer is None


@pytest.mark.parametrize(
    ("made", "failed", "cause"),
    [
        (REPLY, None, ""),
        (HANDOFF, None, "model: key refused"),
        (HANDOFF, Failed(Cause.MODEL, "key_refused", "401 invalid_api_key"), "model: 401 invalid_api_key"),
        (replace(HANDOFF, why=None), None, "model"),
    ],
)
async def test_a_cause_is_named_as_an_operator_looks_for_it(made: Outcome, failed: Failed | None, cause: str) -> None:
    decision, _ = await committed(turn(made, failed=failed))
    assert decision.cause == cause


@pytest.mark.parametrize(
    ("changes", "noted"), [({}, 1), ({"superseded": 1}, 0), ({"draft": None}, 0), ({"outcome": HANDOFF}, 0)]
)
async def test_crews_learn_of_a_draft_that_became_the_reply_to_what_was_asked_first(
    changes: dict[str, Any], noted: int
) -> None:
    worker, one = Worker(), turn(**changes)
    one.tenant = cast(Any, SimpleNamespace(chatwoot=worker.desk, settings=lambda _inbox: Settings()))
    assert await deliver_outbox(worker.context, one) is NEXT
    assert len(worker.noted) == noted
    assert [name for name, _ in one.steps.as_list()] == ["post"]

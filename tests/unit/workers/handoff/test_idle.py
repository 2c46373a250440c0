"""A contact who does not answer: which timer a reply leaves, and what happens when it ends."""

from typing import Any

import orjson
import pytest

from chatwootai.model.message.turn import Question, Verdict
from chatwootai.model.policy import outcome
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause
from config.settings.settings import Settings
from tests.builders import question
from workers.chatwoot import records
from workers.handoff.idle import Step, _outcome_and_timer, _read_note, after_reply

REMINDER, CLOSING = "Ainda está aí?", "Até logo!"
REPLY = outcome.reply(("Sim, temos.",))


def settings(**idle: Any) -> Settings:
    return Settings.model_validate({"idle": idle, "sentences": {"pt": {"reminder": REMINDER, "closing": CLOSING}}})


def asked() -> Question:
    return question(conversation=25, inbox=17, message=7, assignee=3, language="pt")


def shown(*, can_reply: bool = True) -> records.Conversation:
    found = records.conversation({"id": 25, "status": "pending", "can_reply": can_reply})
    assert found is not None
    return found


def test_a_reply_leaves_a_reminder_that_knows_where_and_after_what() -> None:
    timer = after_reply(REPLY, asked(), settings(remind_after_minutes=10, end_after_minutes=60))
    assert timer is not None
    assert timer.seconds == 600
    note = orjson.loads(timer.note)
    assert (note["step"], note["inbox"], note["channel"], note["after"]) == (Step.REMIND, 17, "whatsapp", 7)
    assert (note["assignee"], note["language"]) == (3, "pt")


def test_without_a_reminder_the_end_comes_after_the_reply() -> None:
    timer = after_reply(REPLY, asked(), settings(end_after_minutes=60))
    assert timer is not None
    assert (timer.seconds, orjson.loads(timer.note)["step"]) == (3600, Step.END)


def test_nothing_follows_where_nothing_is_set_or_nothing_was_said() -> None:
    both = settings(remind_after_minutes=10, end_after_minutes=60)
    assert after_reply(REPLY, asked(), settings()) is None
    assert after_reply(outcome.handoff(Need(Cause.ASKED), ("Um momento.",), "why", "asked"), asked(), both) is None


def test_the_reminder_is_said_and_the_end_follows() -> None:
    made, then = _outcome_and_timer({"step": "remind"}, asked(), settings(end_after_minutes=60), shown())
    assert (made.verdict, made.parts) == (Verdict.REPLY, (REMINDER,))
    assert then is not None
    assert orjson.loads(then.note)["step"] == Step.END


def test_after_a_reminder_without_an_end_nothing_follows() -> None:
    assert _outcome_and_timer({"step": "remind"}, asked(), settings(remind_after_minutes=1), shown())[1] is None


def test_the_end_closes_with_a_word_or_gives_to_people() -> None:
    closed, then = _outcome_and_timer({"step": "end"}, asked(), settings(end="close"), shown())
    assert (closed.status, closed.parts, then) == ("resolved", (CLOSING,), None)
    given, then = _outcome_and_timer({"step": "end"}, asked(), settings(end="people"), shown())
    assert (given.verdict, given.cause, then) == (Verdict.HANDOFF, Cause.IDLE, None)


def test_nothing_is_said_where_the_channel_takes_no_text_and_it_closes_all_the_same() -> None:
    made, _ = _outcome_and_timer({"step": "end"}, asked(), settings(end="close"), shown(can_reply=False))
    assert (made.parts, made.status) == ((), "resolved")


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'"remind"', b'{"step": "dance"}', b"{}"])
def test_a_note_of_another_version_does_nothing(note: bytes) -> None:
    made, then = _outcome_and_timer(_read_note(note), asked(), settings(end_after_minutes=60), shown())
    assert (made.verdict, made.parts, then) == (Verdict.SILENCE, (), None)

"""A conversation as the console has it, of made-up steps and records: who has it, what became of each turn's posts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message.turn import SilenceReason
from chatwootai.stores.operators.history import ConversationHistory, Step, Undelivered
from chatwootai.stores.operators.inspection import Job, State
from chatwootai.stores.operators.thumbs import Thumb
from ops.console.data.conversation import Known, _mark, _posted, _turn, as_json, owner_by
from tests.builders import delivery


def step(name: str, at: float = 1.0, **details: str) -> Step:
    return Step(at, name, details)


def history(*steps: Step, **changes: Any) -> ConversationHistory:
    usual: dict[str, Any] = {
        "conv": "acme:25", "job": None, "worker": None, "tries": 0, "waiting": (), "kept": (), "outbox": (),
    }  # fmt: skip
    return ConversationHistory(steps=steps, **{**usual, **changes})


@pytest.mark.parametrize(
    ("steps", "owner"),
    [
        ([], None),
        ([step("sent", turn="t")], None),
        ([step("admitted")], "bot"),
        ([step("admitted"), step("takeover")], "people"),
        ([step("admitted"), step("committed", outcome="handoff")], "people"),
        ([step("admitted"), step("committed", outcome="reply")], "bot"),
        ([step("takeover"), step("resolved")], "nobody"),
        ([step("takeover"), step("readmitted")], "bot"),
        ([step("resolved"), step("admitted"), step("sent")], "bot"),
    ],
)
def test_the_last_step_that_tells_says_who_has_it(steps: list[Step], owner: str | None) -> None:
    assert owner_by(steps) == owner


SILENT = st.sampled_from([step("sent", turn="t"), step("claimed"), step("committed", outcome="reply")])


@given(st.lists(SILENT, max_size=5))
def test_steps_that_tell_nothing_change_no_owner(rest: list[Step]) -> None:
    assert owner_by([step("takeover"), *rest]) == "people"


def test_posts_are_counted_by_turn_and_by_what_became_of_them() -> None:
    known = history(
        step("sent", turn="t1"), step("sent", turn="t1"), step("not_sent", turn="t2"), step("sent", turn="t2"),
        step("committed", turn="t3"),
        outbox=(Undelivered(kind="reply", turn="t2", part=2), Undelivered(kind="reply", turn="t4", part=1)),
    )  # fmt: skip
    assert _posted(known) == {"t1": {"sent": 2}, "t2": {"not_sent": 1, "sent": 1, "waiting": 1}, "t4": {"waiting": 1}}


RECORD = {
    "outcome": "reply", "channel": "email", "inbox": 17, "seconds": 1.25, "tries": 1, "served_by": "crew",
    "steps": [["window", 0.5], ["model", 0.75]], "tools": [["stock", "answered", 0.2, "more"]],
    "passages": [["faq", "frete", 0.8, True]], "model_calls": [{"model": "gpt"}],
    "error": "401: key sk-aaaaaaaaaaaaaaaaaaaaaaaa of ana@example.com", "reason": "the contact said: my secret",
}  # fmt: skip


def test_a_turn_is_its_record_with_names_for_its_rows() -> None:
    found = _turn("t", step("committed", at=9.0, messages="7,8"), RECORD)
    assert (found["turn"], found["at"], found["message_ids"], found["recorded"]) == ("t", 9.0, [7, 8], True)
    assert found["steps"] == [{"name": "window", "seconds": 0.5}, {"name": "model", "seconds": 0.75}]
    assert found["tools"] == [{"name": "stock", "outcome": "answered", "seconds": 0.2}]
    assert found["passages"] == [{"source": "faq", "document": "frete", "score": 0.8, "cited": True}]
    assert found["model_calls"] == [{"model": "gpt"}]


def test_no_words_of_anybody_are_in_it() -> None:
    found = _turn("t", step("committed"), RECORD)
    assert "my secret" not in str(found)
    assert "sk-aaaa" not in found["error"]
    assert len(_turn("t", step("committed"), {"error": "x" * 900})["error"]) == 200


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"outcome": "handoff", "cause": "model: HTTP 401"}, ("handoff", "model", False)),
        ({"outcome": "silence", "cause": ""}, ("silence", None, False)),
        ({"dead": "1"}, (None, None, True)),
        ({"messages": "7,x,"}, (None, None, False)),
    ],
)
def test_of_a_turn_whose_record_is_gone_the_step_that_ended_it_tells(
    details: dict[str, str], expected: tuple[str | None, str | None, bool]
) -> None:
    found = _turn("t", step("committed", **details), None)
    assert (found["outcome"], found["cause"], found["dead"]) == expected
    assert found["recorded"] is False
    assert found["message_ids"] == ([7] if "messages" in details else [])
    assert found["steps"] == found["tools"] == found["passages"] == []


@pytest.mark.parametrize("reason", list(SilenceReason))
def test_a_silence_of_an_older_record_is_named_by_its_sentence(reason: SilenceReason) -> None:
    record = {"outcome": "silence", "reason": reason.value}
    assert _turn("t", step("committed"), record)["why"] == reason.name.lower()
    assert _turn("t", step("committed"), {**record, "why": "known"})["why"] == "known"
    assert _turn("t", step("committed"), {**record, "outcome": "reply"})["why"] is None


def test_what_a_person_says_of_a_turn_is_up_or_down() -> None:
    assert _mark(None) is None
    assert _mark(Thumb(turn="t", up=False, reason="", by="ana", at=3.0)) == {
        "mark": "down", "reason": None, "by": "ana", "at": 3.0,
    }  # fmt: skip


def test_as_json_it_has_ids_alone() -> None:
    job = Job(
        job="turn:acme:25:3", conv="acme:25", account="acme", lane="normal", priority=5, state=State.SCHEDULED,
        messages=1, tries=2, due=9.0, cause="away",
    )  # fmt: skip
    known = Known(
        history(step("admitted", message="7"), waiting=(delivery(7, "a secret"),), kept=(delivery(6, "another"),),
                outbox=(Undelivered(kind="note", turn="t", part=1),)),
        [{"turn": "t"}], job,
    )  # fmt: skip
    found = as_json(known)
    assert (found["account"], found["conversation"], found["owner"]) == ("acme", 25, "bot")
    assert found["job"] == {"job": "turn:acme:25:3", "state": "scheduled", "due": 9.0, "cause": "away"}
    assert (found["waiting"], found["kept"]) == ([7], [6])
    assert found["outbox"] == [{"kind": "note", "turn": "t", "part": 1}]
    assert found["life"] == [{"at": 1.0, "step": "admitted", "message": "7"}]
    assert "secret" not in str(found)

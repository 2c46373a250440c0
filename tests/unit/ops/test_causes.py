"""Causes of handoffs in the list, in `--cause` and in the metric's labels: the same words, whoever prints them."""

import argparse
from typing import Any

import pytest

from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.reasons import SUBJECTS, UNKNOWING, Trouble, label
from chatwootai.model.policy.unfit import Unfit
from ops.jobs.turn_selection import select_turns

REASONS: dict[Cause, tuple[str, ...]] = {
    Cause.MODEL: tuple(Trouble),
    Cause.UNFIT: tuple(Unfit),
    Cause.TOPIC: SUBJECTS,
    Cause.UNSURE: (UNKNOWING,),
}
ALL = [(cause, why) for cause in Cause for why in ("", *REASONS.get(cause, ()))]
ENDED = {
    f"turn{number}": {"account": "1", "conversation": number, "outcome": "handoff", "cause": cause.value, "why": why}
    for number, (cause, why) in enumerate(ALL, 1)
} | {
    "refused": {
        "account": "1", "conversation": 900, "outcome": "handoff", "cause": "model", "why": "key_refused",
        "error": "401 invalid_api_key: Incorrect API key", "tools": [],
    },
    "helpless": {
        "account": "1", "conversation": 901, "outcome": "handoff", "cause": "crew", "why": "",
        "tools": [["order_status", "failed", 0.1], ["prices", "ok", 0.1]],
    },
    "unknowing": {
        "account": "1", "conversation": 902, "outcome": "reply", "served_by": "crew", "model": "gpt",
        "tools": [["order_status", "refused", 0.1]],
    },
}  # fmt: skip


TURNS = [
    {"turn": name, "conv": f"1:{one['conversation']}", "account": "1", "at": 1000.0, "record": one}
    for name, one in ENDED.items()
]


def selected(cause: str | None, state: str = "handed-over") -> list[dict[str, Any]]:
    return select_turns(TURNS, argparse.Namespace(state=state, cause=cause, since=None, until=None))


def chosen(cause: str | None, state: str = "handed-over") -> set[str]:
    return {one["turn"] for one in selected(cause, state)}


@pytest.mark.parametrize("state", ["handed-over", "answered"])
def test_what_the_list_prints_selects_what_it_stands_beside(state: str) -> None:
    for row in selected(None, state):
        assert row["turn"] in chosen(row["cause"], state), row


@pytest.mark.parametrize(("cause", "why"), ALL)
def test_a_cause_is_selected_in_its_general_and_its_detailed_form_and_by_the_metric_s_labels(
    cause: Cause, why: str
) -> None:
    (turn,) = [name for name, one in ENDED.items() if (one.get("cause"), one.get("why")) == (cause.value, why)][:1]
    assert turn in chosen(cause.value)
    assert turn in chosen(cause.value.upper())
    for form in (why, label(why), f"{cause}: {why}") if why else ():
        found = chosen(form)
        assert turn in found, form
        assert not {one for one in found if ENDED[one]["cause"] != cause and form == f"{cause}: {why}"}


def test_a_refused_key_is_found_by_the_endpoint_s_words_and_by_the_label() -> None:
    for words in ("401", "invalid_api_key", "model: 401 invalid_api_key", "key_refused", "model: key refused"):
        assert "refused" in chosen(words), words
    (row,) = selected("401")
    assert row["cause"] == "model: 401 invalid_api_key: Incorrect API key"


def test_a_tool_that_failed_is_named_whether_people_answered_or_the_crew() -> None:
    assert chosen("tool") == {"helpless", *(one for one in ENDED if "tool" in str(ENDED[one].get("why")))}
    (row,) = selected("tool order_status")
    assert row["cause"] == "crew; tool order_status: failed"
    assert chosen("tool order_status", "answered") == {"unknowing"}

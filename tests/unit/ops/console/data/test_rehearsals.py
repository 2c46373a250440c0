"""What is to be rehearsed, of a form or of JSON: read, checked, asked of a worker, and shown as a turn is."""

import shlex
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.stores.operators.worker_requests import RequestFailed, Requests
from ops.console.data.query import BadQuery
from ops.console.data.rehearsals import LONGEST, as_trace, checked, command_line, of_form, rehearse

ASKED: dict[str, Any] = {"account": "1", "text": "Oi"}
"""The least that a rehearsal needs."""


class Workers:
    """Workers that answer requests by whether they are of the draft; a text in place of an answer is their refusal."""

    def __init__(self, **answers: dict[str, Any] | str) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def ask(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((kind, asked))
        answer = self.answers["draft" if asked["draft"] else "published"]
        if isinstance(answer, str):
            raise RequestFailed(answer)
        return answer

    @property
    def requests(self) -> Requests:
        return cast(Requests, self)


def test_what_is_left_out_has_its_usual_value() -> None:
    assert checked(ASKED) == {
        "account": "1", "text": "Oi", "config": "published", "tools": None, "history": [], "channel": "webchat",
        "inbox": 0, "phone": "",
    }  # fmt: skip
    assert checked({**ASKED, "history": None, "inbox": None, "phone": None, "channel": "", "config": ""}) == checked(
        ASKED
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": ""}, "text: what a customer writes"),
        ({"text": "   "}, "text: what a customer writes"),
        ({"text": None}, "text: what a customer writes"),
        ({"text": "x" * (LONGEST + 1)}, "at most 4000 characters"),
        ({"config": "both "}, "config: one of published, draft, both"),
        ({"config": ["draft"]}, "config: one of"),
        ({"tools": []}, "tools: an object of answers"),
        ({"tools": "x"}, "tools: an object of answers"),
        ({"history": "> Oi"}, "history: at most 20"),
        ({"history": [{"role": "contact", "text": "x"}] * 21}, "history: at most 20"),
        ({"history": ["Oi"]}, "history: at most 20"),
        ({"history": [{"text": "Oi"}]}, "history: at most 20"),
        ({"history": [{"role": "system", "text": "Oi"}]}, "history: at most 20"),
        ({"history": [{"role": ["contact"], "text": "Oi"}]}, "history: at most 20"),
        ({"history": [{"role": {}, "text": "Oi"}]}, "history: at most 20"),
        ({"inbox": "-1"}, "inbox: a whole number"),
        ({"inbox": 1.5}, "inbox: a whole number"),
        ({"inbox": True}, "inbox: a whole number"),
        ({"inbox": "9" * 16}, "inbox: a whole number"),
    ],
)
def test_what_means_nothing_is_refused_by_name(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadQuery, match=words):
        checked({**ASKED, **changes})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["account", "text", "config", "tools", "history", "channel", "inbox", "phone", "other"]), JSON
    )
)
def test_any_json_is_read_or_refused_in_words(asked: dict[str, Any]) -> None:
    try:
        found = checked(asked)
    except BadQuery:
        return
    assert checked(found) == found  # what is sent on means the same again
    assert isinstance(found["inbox"], int)
    assert 0 < len(found["text"]) <= LONGEST
    assert len(found["channel"]) <= 20
    assert len(found["phone"]) <= 20


def test_a_form_has_a_line_for_each_thing_said_the_crews_after_a_mark() -> None:
    found = of_form("1", {"text": " Qual o frete? ", "history": "Oi\r\n> Olá, tudo bem?\n\n>\n  >Sim\n", "inbox": "17"})
    assert found["text"] == "Qual o frete?"
    assert found["history"] == [
        {"role": "contact", "text": "Oi"},
        {"role": "crew", "text": "Olá, tudo bem?"},
        {"role": "crew", "text": "Sim"},
    ]
    assert (found["account"], found["inbox"], found["tools"]) == ("1", 17, None)


def test_answers_of_tools_are_read_only_where_they_are_to_be_simulated() -> None:
    form = {"text": "Oi", "answers": 'order_status: {"status": "sent"}\n\n count : 3\nnote: "a: b"'}
    assert of_form("1", form)["tools"] is None
    assert of_form("1", {**form, "tools": "simulated"})["tools"] == {
        "order_status": {"status": "sent"}, "count": 3, "note": "a: b",
    }  # fmt: skip
    assert of_form("1", {"text": "Oi", "tools": "simulated"})["tools"] == {}


@pytest.mark.parametrize("line", ["order_status", "order_status: sent", "order_status:", "x: {", ': "nameless"'])
def test_an_answer_that_is_no_json_is_refused_with_an_example(line: str) -> None:
    with pytest.raises(BadQuery, match="tools: a line each, as order_status"):
        of_form("1", {"text": "Oi", "tools": "simulated", "answers": line})


@pytest.mark.parametrize(("config", "drafts"), [("published", [False]), ("draft", [True]), ("both", [False, True])])
async def test_each_configuration_is_asked_for_once(config: str, drafts: list[bool]) -> None:
    workers = Workers(published={"text": "as it is"}, draft={"text": "as drafted"})
    found = await rehearse(workers.requests, checked({**ASKED, "config": config}))
    assert [kind for kind, _ in workers.asked] == ["rehearse"] * len(drafts)
    assert [asked["draft"] for _, asked in workers.asked] == drafts
    assert [one["text"] for one in found] == [{False: "as it is", True: "as drafted"}[each] for each in drafts]


async def test_one_that_fails_leaves_the_other() -> None:
    workers = Workers(published={"text": "as it is"}, draft="there is no draft")
    found = await rehearse(workers.requests, checked({**ASKED, "config": "both"}))
    assert found == [{"text": "as it is"}, {"draft": True, "failed": "there is no draft"}]


def test_what_came_of_it_is_shown_as_a_turn_is() -> None:
    told = {
        "text": "Sim",
        "tools": [
            {"name": "order_status", "arguments": {"número": "7"}, "called": True},
            {"name": "cancel", "arguments": {}, "called": False},
        ],
        "steps": [["window", 0.5], ["model", 1.25]],
    }
    found = as_trace(told)
    assert found["tools"] == [
        {"name": 'order_status {"número": "7"}', "outcome": "called", "seconds": None},
        {"name": "cancel {}", "outcome": "not called", "seconds": None},
    ]
    assert found["steps"] == [{"name": "window", "seconds": 0.5}, {"name": "model", "seconds": 1.25}]
    assert found["text"] == "Sim"
    assert as_trace({"failed": "away"}) == {"failed": "away", "tools": [], "steps": []}


def test_its_line_on_a_terminal_names_what_is_not_usual() -> None:
    assert command_line(checked(ASKED)) == "chatwootai ask --account 1 Oi"
    asked = checked({**ASKED, "config": "draft", "channel": "email", "inbox": 17, "phone": "+5531"})
    assert command_line(asked) == "chatwootai ask --account 1 --draft --channel email --inbox 17 --from +5531 Oi"


@given(st.text(min_size=1, max_size=50).filter(lambda text: text.strip()))
def test_a_shell_reads_the_line_as_it_was_meant(text: str) -> None:
    assert shlex.split(command_line(checked({**ASKED, "text": text})))[-1] == text.strip()

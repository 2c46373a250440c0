"""What `jobs` verbs print of made-up numbers: incidents with remedies, where a conversation stands, the processes."""

import time
from typing import Any

import pytest

from chatwootai.model.policy.reasons import named_cause
from chatwootai.stores.installation.incidents import Kind
from chatwootai.stores.operators.inspection import Job, State
from ops.jobs.conversation_view import _detail_text, _state_text
from ops.jobs.incidents import describe_incident, print_incident
from ops.jobs.job_views import cause_text, due_text, job_as_json, print_jobs, rows_of
from ops.jobs.process_view import print_processes


def incident(kind: Kind = Kind.TOOL, **changes: Any) -> dict[str, Any]:
    usual = {
        "kind": kind.value,
        "account": "7",
        "subject": "stock",
        "reason": "500",
        "count": 3,
        "since": 1.0,
        "last": 2.0,
    }
    return {**usual, **changes}


def job(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "job": "turn:1:25:3", "conv": "1:25", "account": "1", "lane": "normal", "priority": 5,
        "state": State.WAITING, "messages": 1, "tries": 0,
    }  # fmt: skip
    return job_as_json(Job(**{**usual, **changes}))


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_of_incident_is_a_sentence_with_a_remedy(kind: Kind) -> None:
    what, remedy = describe_incident(incident(kind))
    assert "(500): 3 times since" in what
    assert remedy
    assert "{" not in what + remedy


@pytest.mark.parametrize("subject", ["too_old", "too_new"])
def test_a_clock_that_differs_is_told_as_such(subject: str) -> None:
    assert describe_incident(incident(Kind.SIGNATURE, subject=subject))[1].startswith("the clocks differ")
    assert "webhook_secrets" in describe_incident(incident(Kind.SIGNATURE, subject="mac"))[1]


@pytest.mark.parametrize(
    ("account", "begins"), [("7", "account 7: the tool stock fails"), ("", "the tool stock fails")]
)
def test_an_incident_is_printed_with_whose_it_is(account: str, begins: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_incident(incident(account=account))
    assert capsys.readouterr().out.startswith(begins)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "it rests"),
        ({"state": "lost", "job": "j"}, "its job j is gone; the sweep gives it another within seconds"),
        (job(), "turn:1:25:3 is waiting, priority 5"),
        (job(state=State.RUNNING, worker="w1", tries=2), "turn:1:25:3 is running, priority 5, on w1, 2 tries"),
        (job(cause="Chatwoot is away"), "turn:1:25:3 is waiting, priority 5, Chatwoot is away"),
    ],
)
def test_where_a_conversation_stands_is_a_sentence(found: dict[str, Any] | None, words: str) -> None:
    assert _state_text(found).startswith(words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"lease": 112.0}, "lease 12.0 s"),
        ({"due": 130.0}, "due in 30.0 s"),
        ({"due": 130.0, "parked": True}, "once the token is taken, or in 30.0 s"),
        ({"due": 130.0, "lease": 101.0}, "lease 1.0 s"),
    ],
)
def test_when_something_happens_next_is_told(changes: dict[str, Any], words: str) -> None:
    assert due_text(job(**changes), 100.0).replace("30 s", "30.0 s") == words


def test_a_parked_jobs_cause_is_its_token() -> None:
    assert cause_text(job(cause="HTTP 401", parked=True)) == "Chatwoot refuses the account's bot_token (HTTP 401)"
    assert cause_text(job(cause="HTTP 401")) == "HTTP 401"
    assert cause_text(job()) == ""


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("message", "7", "#7"),
        ("messages", "7,8", "#7,#8"),
        ("count", "7", "7"),
        ("messages", ",".join(map(str, range(1, 12))), "#1,...,#11 (11)"),
        ("messages", ",".join(map(str, range(1, 11))), ",".join(f"#{each}" for each in range(1, 11))),
    ],
)
def test_ids_of_messages_bear_a_sign_and_many_are_shown_by_their_ends(name: str, value: str, shown: str) -> None:
    assert _detail_text(name, value) == shown


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"cause": "model", "error": "401 invalid_api_key"}, "model: 401 invalid_api_key"),
        ({"cause": "topic", "why": "a_refund"}, "topic: a refund"),
        ({"cause": "asked"}, "asked"),
        ({"cause": "asked", "error": "", "why": None}, "asked"),
    ],
)
def test_a_handoffs_cause_is_told_with_what_stood_behind_it(record: dict[str, Any], words: str) -> None:
    assert named_cause(record["cause"], record.get("why"), record.get("error")) == words


def test_rows_are_jobs_letters_and_turns_by_the_name_that_verbs_take() -> None:
    found = {"jobs": [job()], "dead": [{"turn": "t1", "conv": "1:9"}], "turns": [{"turn": "t2", "conv": "1:8"}]}
    rows = rows_of(found)
    assert [row["name"] for row in rows] == ["turn:1:25:3", "t1", "t2"]
    assert rows[1]["state"] == "dead"
    assert rows_of({"waiting": 3}) == [{"waiting": 3}]


def listed(**changes: Any) -> dict[str, Any]:
    return {"jobs": [], "dead": [], "turns": [], "more": [], **changes}


def test_an_empty_list_says_so_and_a_cut_one_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    print_jobs(listed())
    assert capsys.readouterr().out == "nothing waits, runs or died of what was asked for\n"
    letter = {"turn": "t1", "conv": "1:9", "cause": "gave up", "at": 1.0, "messages": [7, 8]}
    print_jobs(listed(jobs=[job(since=time.time())], dead=[letter], more=["waiting", "dead"]))
    out = capsys.readouterr().out
    assert "turn:1:25:3" in out
    assert "dead letters\n" in out
    assert "7,8" in out
    assert out.endswith("... and more: waiting, dead (--limit 0 shows all)\n")


def process(kind: str, name: str, **changes: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "seen": time.time(), "gone": False, "version": 4, "refused": 0, **changes}


@pytest.mark.parametrize(
    ("processes", "sentence"),
    [
        ([process("worker", "w1", gone=True), process("ingress", "d1")], "no worker lives"),
        ([process("worker", "w1"), process("ingress", "d1", gone=True)], "no door lives"),
        ([process("worker", "w1"), process("worker", "w2", gone=True)], None),
        ([], None),
    ],
)
def test_where_all_of_a_kind_are_gone_it_says_what_that_means(
    processes: list[dict[str, Any]], sentence: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    print_processes({"workers": {}, "processes": processes})
    out = capsys.readouterr().out
    assert (sentence or "") in out
    assert ("lives" in out) is (sentence is not None)


def test_a_worker_is_shown_with_what_it_runs_also_one_that_tells_nothing_of_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = [process("worker", "w1", version=None), process("ingress", "d1", refused=2)]
    print_processes({"workers": {"w1": 2, "arq": 1}, "processes": known})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["w1", "2"] in [line[:2] for line in lines]
    assert ["arq", "1"] in lines
    assert any(line[-4:] == ["4,", "refuses", "its", "folder"] for line in lines)


def test_in_a_redis_that_takes_no_writes_nobody_is_called_dead(capsys: pytest.CaptureFixture[str]) -> None:
    door = {"kind": "ingress", "name": "h.1", "seen": 0.0, "gone": True, "version": 1, "refused": 0}
    print_processes({"workers": {}, "processes": [door], "redis": {"replica": True}})
    assert "no door lives" not in (told := capsys.readouterr().out)
    assert "takes no writes" in told
    print_processes({"workers": {}, "processes": [door], "redis": {"replica": False}})
    assert "no door lives" in capsys.readouterr().out

"""Problems of an installation, of made-up numbers: which there are, how bad each is, and what mends it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chatwootai.stores.installation.incidents import Kind
from ops.console.data.problems import Problem, find_problems


def process(kind: str = "worker", name: str = "w1", **changes: Any) -> dict[str, Any]:
    usual = {"kind": kind, "name": name, "host": "h", "gone": False, "refused": 0, "digest": "d"}
    return {**usual, **changes}


WHOLE: dict[str, Any] = {"processes": [process("ingress", "d1"), process()], "workers": {"w1": 0}, "dead": 0}
"""Numbers of an installation with nothing wrong."""


def found(**changes: Any) -> list[Problem]:
    return find_problems({**WHOLE, **changes})


def keys(**changes: Any) -> list[str]:
    return [one.key for one in found(**changes)]


def test_nothing_is_wrong_with_a_whole_installation() -> None:
    assert found() == []
    assert find_problems({}) == []  # nothing is known, which is said elsewhere


@pytest.mark.parametrize(
    ("processes", "expected"),
    [
        ([], ["no_door", "no_worker"]),
        ([process()], ["no_door"]),
        ([process("ingress")], ["no_worker"]),
        ([process(gone=True), process("ingress")], ["no_worker", "gone"]),
        ([process("ingress", gone=True), process()], ["no_door", "gone"]),
        ([process("ingress"), process(), process(name="w2", gone=True)], ["gone"]),
        ([process("ingress"), process(refused=3)], ["refuses"]),
        ([process("ingress"), process(gone=True, refused=3), process(name="w2")], ["gone"]),
        ([process("ingress", digest="other"), process()], ["disagree"]),
        ([process("ingress"), process(), process(name="w2", digest="old", gone=True)], ["gone"]),
    ],
)
def test_processes_are_missed_and_told_of(processes: list[dict[str, Any]], expected: list[str]) -> None:
    assert keys(processes=processes, workers={}) == expected


def test_a_worker_that_tells_nothing_of_itself_but_runs_turns_is_one() -> None:
    assert keys(processes=[process("ingress")], workers={"arq": 2}) == []


def test_while_nobody_knows_the_processes_none_is_missed() -> None:
    assert keys(processes=None, workers={}) == []


@pytest.mark.parametrize(
    ("seconds", "severity"), [(None, None), (0.0, None), (30.0, None), (30.1, "warn"), (120.0, "warn"), (120.1, "bad")]
)
def test_a_turn_that_waits_is_worse_the_longer_it_does(seconds: float | None, severity: str | None) -> None:
    problems = found(oldest_wait_seconds=seconds, waiting=4)
    assert [one.severity for one in problems] == ([severity] if severity else [])
    if problems:
        assert problems[0].values == {"seconds": round(seconds or 0), "waiting": 4}


def test_dead_letters_are_a_warning_with_their_number() -> None:
    (one,) = found(dead=3)
    assert (one.severity, one.key, one.values) == ("warn", "dead", {"count": 3})
    assert keys(dead=None) == []


def test_a_paused_account_is_told_with_its_end_and_the_line_that_ends_it() -> None:
    (one,) = found(paused=[{"account": "7", "until": 1_700_000_000.0, "who": "ana", "why": "inventory"}])
    assert (one.key, one.account, one.severity) == ("paused", "7", "warn")
    assert one.values["until"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert one.command == "chatwootai accounts resume 7"


@pytest.mark.parametrize(
    ("token", "key", "severity"),
    [("bot_token", "bot_token", "bad"), ("user_token", "user_token", "warn")],
)
def test_a_refused_bot_token_is_bad_and_a_users_is_not(token: str, key: str, severity: str) -> None:
    (one,) = found(refused=[{"account": "7", "token": token, "status": 401, "said": "Invalid"}])
    assert (one.key, one.severity, one.account) == (key, severity, "7")


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_of_incident_has_a_problem_and_a_line(kind: Kind) -> None:
    incident = {
        "kind": kind.value,
        "account": "7",
        "subject": "s",
        "reason": "r",
        "count": 2,
        "since": 1.0,
        "last": 2.0,
    }
    (one,) = found(incidents=[incident])
    assert one.key == kind.value
    assert one.command.startswith("chatwootai ")
    assert one.severity == ("bad" if kind in {Kind.MODEL, Kind.SIGNATURE} else "warn")
    assert one.values == {"account": "7", "subject": "s", "reason": "r", "count": 2}


def test_what_redis_is_in_trouble_with_is_told_and_a_redis_that_says_nothing_is_not() -> None:
    assert [one.values for one in found(redis={"troubles": ["evicts", "keeps nothing"]})] == [
        {"trouble": "evicts"}, {"trouble": "keeps nothing"},
    ]  # fmt: skip
    assert keys(redis=None) == []


def test_the_worst_comes_first_and_all_else_in_its_order() -> None:
    problems = found(processes=[], dead=1, redis={"troubles": ["evicts"]}, oldest_wait_seconds=500)
    severities = [one.severity for one in problems]
    assert severities == sorted(severities, key=("bad", "warn").index)
    assert [one.key for one in problems if one.severity == "warn"] == ["dead", "redis"]


def test_of_very_many_the_worst_fifty_are_told() -> None:
    many = [{"account": str(n), "token": "user_token", "status": 401, "said": ""} for n in range(80)]
    many.append({"account": "last", "token": "bot_token", "status": 401, "said": ""})
    problems = found(refused=many)
    assert len(problems) == 50
    assert problems[0].account == "last"

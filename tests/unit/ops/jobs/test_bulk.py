"""Many things done at once: what is selected, what is asked, at which rate, and what is said of it at the end."""

import argparse
from typing import Any, cast

import pytest

from chatwootai.stores.server.connection import Connection
from ops.access import CommandError, NotFound, UsageError
from ops.jobs import bulk
from ops.jobs.bulk import _agreed, is_bulk
from ops.jobs.turn_selection import select_turns, turn_row

NOWHERE = cast(Connection, None)


def arguments(**changes: Any) -> argparse.Namespace:
    usual = {"what": None, "account": None, "cause": None, "since": None, "until": None, "state": None}
    return argparse.Namespace(**{**usual, "all": False, "dry_run": False, "yes": True, "rate": None, **changes})


class Work:
    """Things done one by one. `codes`: by thing, its exit code or the error that it raises."""

    def __init__(self, **codes: int | Exception) -> None:
        self.codes = codes
        self.done: list[str] = []

    async def act(self, one: str) -> int:
        self.done.append(one)
        code = self.codes.get(one, 0)
        if isinstance(code, Exception):
            raise code
        return code


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Entries that were written into the audit."""
    entries: list[dict[str, Any]] = []

    async def write(_connection: object, what: str, **how: Any) -> None:
        entries.append({"what": what, **how})

    monkeypatch.setattr(bulk, "write_down", write)
    monkeypatch.setattr(bulk, "options_used", lambda _arguments: {})
    return entries


async def agreed(work: Work, *rows: str, **changes: Any) -> int:
    return await _agreed(NOWHERE, arguments(**changes), "retry", "dead letter", rows, work.act)


@pytest.mark.parametrize("name", ["account", "cause", "since", "until", "state"])
def test_a_condition_selects_many_and_beside_a_name_it_is_refused(name: str) -> None:
    assert is_bulk(arguments(**{name: "x"}))
    with pytest.raises(UsageError, match="not both"):
        is_bulk(arguments(what="1:25", **{name: "x"}))


def test_one_thing_or_all_must_be_named() -> None:
    assert is_bulk(arguments(all=True))
    assert not is_bulk(arguments(what="1:25"))
    with pytest.raises(UsageError, match="name one thing, or select by"):
        is_bulk(arguments())
    with pytest.raises(UsageError, match="not both"):
        is_bulk(arguments(what="1:25", all=True))


def test_from_the_beginning_of_time_is_a_condition_too() -> None:
    assert is_bulk(arguments(since=0.0))


async def test_all_are_done_in_their_order_and_written_down_once(
    audit: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work()
    assert await agreed(work, "a", "b", "c") == 0
    assert work.done == ["a", "b", "c"]
    assert capsys.readouterr().out.splitlines()[-1] == "3 done, 0 not"
    assert audit == [{"what": "retry", "account": "", "count": 3, "details": {}}]


async def test_one_that_fails_keeps_no_other_from_it(
    audit: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work(a=CommandError("people have it"), b=1, c=NotFound("gone"))
    assert await agreed(work, "a", "b", "c", "d") == 1
    assert work.done == ["a", "b", "c", "d"]
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "1 done, 3 not"
    assert said.err.splitlines() == ["people have it", "gone"]
    assert audit[0]["count"] == 1


async def test_where_nothing_was_done_the_audit_is_told_nothing(audit: list[dict[str, Any]]) -> None:
    assert await agreed(Work(a=1), "a") == 1
    assert audit == []


async def test_broken_off_it_writes_down_what_was_done(audit: list[dict[str, Any]]) -> None:
    with pytest.raises(RuntimeError):
        await agreed(Work(c=RuntimeError("broken off")), "a", "b", "c", "d")
    assert audit[0]["count"] == 2


@pytest.mark.parametrize(("rows", "dry_run"), [((), False), (("a",), True)])
async def test_of_nothing_or_for_a_look_nobody_is_asked(
    rows: tuple[str, ...], dry_run: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work()
    assert await agreed(work, *rows, dry_run=dry_run, yes=False) == 0
    assert work.done == []
    plural = "" if len(rows) == 1 else "s"
    assert capsys.readouterr().out == f"{len(rows)} dead letter{plural}: nothing was done\n"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("YES", 0), ("n", 1), ("", 1)])
async def test_it_is_done_only_where_somebody_says_so(
    answer: str, code: int, audit: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answered(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr("builtins.input", answered)
    work = Work()
    assert await agreed(work, "a", "b", yes=False) == code
    assert asked == ["retry 2 dead letters? [y/N] "]
    assert bool(work.done) is (code == 0)
    assert bool(audit) is (code == 0)


async def test_a_rate_is_kept_between_two_and_not_before_the_first(
    audit: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("ops.jobs.bulk.asyncio.sleep", sleep)
    await agreed(Work(), "a", "b", "c", rate=4)
    assert pauses == [0.25, 0.25]
    assert audit[0]["count"] == 3


HANDED = {"outcome": "handoff", "cause": "model", "error": "401 invalid_api_key", "served_by": "people"}
ANSWERED = {"outcome": "reply", "served_by": "crew", "model": "gpt", "cause": ""}


def ended(record: dict[str, Any]) -> dict[str, Any]:
    return {"turn": "t", "conv": "1:25", "account": "1", "at": 100.0, "record": record}


@pytest.mark.parametrize(
    ("record", "state", "cause"),
    [
        (HANDED, "handed-over", "model: 401 invalid_api_key"),
        (HANDED, "answered", None),
        (ANSWERED, "answered", "crew: gpt"),
        (ANSWERED, "handed-over", None),
        ({"outcome": "silence"}, "answered", None),
        ({"outcome": "handoff"}, "handed-over", ""),
        ({}, "answered", None),
    ],
)
def test_a_turns_cause_is_what_stood_behind_it(record: dict[str, Any], state: str, cause: str | None) -> None:
    found = [one["cause"] for one in select_turns([ended(record)], arguments(state=state))]
    assert found == ([] if cause is None else [cause])


@pytest.mark.parametrize(
    ("changes", "selected"),
    [
        ({}, True),
        ({"since": 100.0}, True),
        ({"since": 100.1}, False),
        ({"until": 100.0}, True),
        ({"until": 99.9}, False),
        ({"cause": "INVALID"}, True),
        ({"cause": "timeout"}, False),
    ],
)
def test_a_turn_is_selected_by_its_moment_and_a_part_of_its_cause(changes: dict[str, Any], selected: bool) -> None:
    assert bool(select_turns([ended(HANDED)], arguments(state="handed-over", **changes))) is selected
    assert not select_turns([ended(ANSWERED)], arguments(state="handed-over", **changes))


def test_a_turn_is_a_row_of_its_name_conversation_moment_and_cause() -> None:
    row = turn_row({"turn": "t", "conv": "1:25", "at": 0.0, "cause": "asked"})
    assert (row[0], row[1], row[3]) == ("t", "1:25", "asked")

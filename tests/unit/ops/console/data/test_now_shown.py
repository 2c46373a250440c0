"""The state of an installation as pages have it, of blocks that were read or failed: all of it, or one account's."""

from typing import Any

import pytest

from chatwootai.stores.installation.chatwoot_calls import AccountCalls, KnownCalls
from ops.console.data.blocks import Blocks
from ops.console.data.now import Now, _numbers, _of_account, as_json
from ops.console.data.problems import Problem
from ops.jobs.numbers import PARTS

TENANT = {"account": "1", "high": 1, "normal": 2, "running": 3, "messages": 4}
QUEUE = {"waiting": 9, "running": 8, "since": 90.0, "dead": 7, "workers": {"w1": 3, "arq": 1}, "tenants": [TENANT]}


def blocks(**found: Any) -> Blocks:
    usual = dict.fromkeys((*PARTS, "queue", "letters", "breakers", "chatwoot"))
    failed = frozenset(name for name in found if found[name] is None)
    return Blocks({**usual, **found}, failed)


def text(key: str, **_: object) -> str:
    return key


@pytest.mark.parametrize(
    ("queue", "oldest"),
    [(QUEUE, 10.0), ({**QUEUE, "since": None}, 0.0), ({**QUEUE, "since": 200.0}, 0.0), (None, None)],
)
def test_how_long_the_oldest_waits_is_known_only_where_the_queue_was_read(
    queue: dict[str, Any] | None, oldest: float | None
) -> None:
    assert _numbers(blocks(queue=queue), 100.0)["oldest_wait_seconds"] == oldest


def test_who_sees_one_account_sees_its_numbers_alone() -> None:
    others = {**TENANT, "account": "2", "high": 100}
    refused = [{"account": "1", "token": "bot_token"}, {"account": "2", "token": "bot_token"}]
    found = _of_account(blocks(queue={**QUEUE, "tenants": [TENANT, others]}, letters=5, refused=refused), "1")
    assert (found["waiting"], found["running"], found["messages"], found["dead"]) == (3, 3, 4, 5)
    assert found["tenants"] == [TENANT]
    assert found["refused"] == refused[:1]
    assert found["redis"] is None
    assert found["incidents"] == found["paused"] == []


def test_where_the_queue_could_not_be_read_an_account_has_no_numbers_and_none_is_zero() -> None:
    found = _of_account(blocks(queue=None), "1")
    assert (found["waiting"], found["running"], found["messages"]) == (None, None, None)
    assert _of_account(blocks(queue=QUEUE), "3")["waiting"] == 0


def process(kind: str, name: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "host": "h",
        "started": 1.0,
        "seen": 2.0,
        "gone": False,
        "warming": None,
        "release": "0.2",
        "version": 4,
        "refused": 0,
    }
    return {"kind": kind, "name": name, "digest": "d", "slots": 10, "version": 4, "refused": 0, **usual, **changes}


def shown(**numbers: Any) -> dict[str, Any]:
    return as_json(Now(numbers, [], frozenset(), 100.0), text)


def test_workers_are_shown_with_what_they_run_also_those_that_tell_nothing_of_themselves() -> None:
    found = shown(processes=[process("worker", "w1"), process("ingress", "d1")], workers={"w1": 3, "arq": 1})
    assert [(one["name"], one["running"], one["slots"]) for one in found["workers"]] == [
        ("w1", 3, 10),
        ("arq", 1, None),
    ]
    assert [one["name"] for one in found["doors"]] == ["d1"]


@pytest.mark.parametrize(
    ("processes", "expected"),
    [
        ([], (True, [], 0)),
        ([process("worker", "w1"), process("ingress", "d1")], (True, [4], 2)),
        ([process("worker", "w1", digest="e", version=5), process("ingress", "d1")], (False, [5, 4], 2)),
        ([process("worker", "w1", digest="e", gone=True), process("ingress", "d1")], (True, [4], 1)),
        ([process("worker", "w1", version=None)], (True, [], 1)),
    ],
)
def test_living_processes_agree_or_do_not(
    processes: list[dict[str, Any]], expected: tuple[bool, list[int], int]
) -> None:
    found = shown(processes=processes)["configuration"]
    assert (found["agree"], found["versions"], found["processes"]) == expected


def test_accounts_come_by_how_long_their_first_turn_waits() -> None:
    tenants = [{**TENANT, "account": key} for key in ("1", "2", "3")]
    found = shown(tenants=tenants, waits={"2": 40.0, "3": 90.0})["tenants"]
    assert [(one["account"], one["oldest_wait_seconds"]) for one in found] == [("2", 60.0), ("3", 10.0), ("1", None)]


def calls(account: str, **changes: Any) -> AccountCalls:
    return AccountCalls(**{"account": account, "ok": 1.0, "bad": None, "why": "", "calls": 4, "errors": 1, **changes})


def test_how_chatwoot_answers_is_shown_of_the_worst_fifty() -> None:
    assert shown(chatwoot=None)["chatwoot"] is None
    found = shown(chatwoot=KnownCalls([calls(str(number)) for number in range(70)], 30))
    assert len(found["chatwoot"]) == 50
    assert found["chatwoot_others"] == 50
    assert found["chatwoot"][0] == {
        "account": "0", "last_success": 1.0, "last_error": None, "reason": None, "calls": 4, "errors": 1,
        "error_share": 0.25,
    }  # fmt: skip
    assert shown(chatwoot=KnownCalls([calls("1", calls=0, errors=0)], 0))["chatwoot"][0]["error_share"] is None


def test_problems_are_worded_and_what_failed_is_named() -> None:
    one = Problem(severity="bad", key="no_door", command="python -m ingress", account=None)
    found = as_json(Now({}, [one], frozenset({"redis", "queue"}), 100.0), text)
    assert found["problems"] == [{
        "severity": "bad", "kind": "no_door", "text": "problem.no_door", "remedy": "remedy.no_door",
        "command": "python -m ingress", "account": None,
    }]  # fmt: skip
    assert found["failed"] == ["queue", "redis"]

"""Now shows who waits and for how long, which models are left alone, and whether all serve one configuration."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.installation.chatwoot_calls import CallsTold, ChatwootCalls
from chatwootai.stores.installation.processes import Process, Processes
from chatwootai.stores.models.breakers import BreakerStore
from chatwootai.stores.operators.pauses import Pauses
from tests.builders import delivery
from tests.integration.ops.console.conftest import Desk


async def now(desk: Desk, kind: str = "operator") -> Any:
    status, text, _ = await desk.ask("/api/now", kind)
    assert status == 200
    return json.loads(text)


async def test_who_waits_longest_stands_first_whatever_its_priority(desk: Desk) -> None:
    began = time.time()
    for number, priority in ((1, 5), (2, 10), (3, 1)):
        one = delivery(number, account=str(number), conversation=number, delivery_id=f"d{number}")
        await Mailbox(desk.redis).admit(one, priority=priority)
    found = await now(desk)
    assert [one["account"] for one in found["tenants"]] == ["1", "2", "3"]
    waited = time.time() - began
    assert all(0 <= one["oldest_wait_seconds"] <= waited for one in found["tenants"])
    assert [one["account"] for one in (await now(desk, "lead of 1"))["tenants"]] == ["1"]


async def test_a_model_that_is_left_alone_is_shown_until_it_answers(desk: Desk) -> None:
    breakers = BreakerStore(desk.redis)
    assert (await now(desk))["breakers"] == []
    await breakers.trip("abc:gpt", failures=1, rest_ms=30_000, longest_ms=60_000, pause_ms=0)
    (one,) = (await now(desk))["breakers"]
    assert one["target"] == "abc:gpt"
    assert 0 < one["until"] - time.time() <= 31
    assert "abc:gpt" in (await desk.ask("/", "operator"))[1]
    await breakers.mend("abc:gpt")
    assert (await now(desk))["breakers"] == []


def told(calls: int, errors: int, at: float, why: str = "") -> CallsTold:
    return CallsTold(ok=at if calls > errors else 0, bad=at if errors else 0, why=why, calls=calls, errors=errors)


async def test_chatwoot_is_shown_by_account_the_worst_first(desk: Desk) -> None:
    assert (await now(desk))["chatwoot"] == []
    assert "No worker has called Chatwoot" in (await desk.ask("/", "operator"))[1]
    at = float(int(time.time()))
    calls = ChatwootCalls(desk.redis)
    await calls.tell({"1": told(4, 0, at), "2": told(10, 7, at - 3, "create_message: HTTP 502"), "3": told(9, 1, at)})
    await calls.tell(
        {"1": told(2, 1, at, "show: <b>HTTP 500</b>"), "2": told(10, 5, at - 9, "older")}
    )  # another worker
    one, two, three = (await now(desk))["chatwoot"]
    assert one == {
        "account": "2", "last_success": at - 3, "last_error": at - 3, "reason": "create_message: HTTP 502",
        "calls": 20, "errors": 12, "error_share": 0.6,
    }  # fmt: skip
    assert [(each["account"], each["calls"], each["errors"]) for each in (two, three)] == [("1", 6, 1), ("3", 9, 1)]
    page = (await desk.ask("/", "operator"))[1]
    assert ("60 %" in page, "&lt;b&gt;HTTP 500" in page, "<b>HTTP" in page) == (True, True, False)
    assert [each["account"] for each in (await now(desk, "lead of 1"))["chatwoot"]] == ["1"]


async def test_of_many_accounts_the_worst_fifty_are_shown_and_the_rest_is_counted(desk: Desk) -> None:
    at = time.time()
    calls = ChatwootCalls(desk.redis)
    await calls.tell({str(number): told(10, 0, at) for number in range(1, 601)})
    found = await now(desk)
    assert (found["chatwoot"], found["chatwoot_others"]) == ([], 600)
    await calls.tell({str(number): told(10, number, at, "HTTP 502") for number in range(1, 11)})
    found = await now(desk)
    assert [one["account"] for one in found["chatwoot"]] == [str(number) for number in range(10, 0, -1)]
    assert found["chatwoot_others"] == 590
    assert "590 further accounts" in (await desk.ask("/", "operator"))[1]
    await desk.redis.delete("cw:chatwoot", "cw:chatwoot:failing")
    await calls.tell({str(number): told(10, 0, at) for number in range(1, 61)})
    found = await now(desk)
    assert (len(found["chatwoot"]), found["chatwoot_others"]) == (50, 10)


async def test_of_an_account_that_has_moved_nothing_is_kept_here(desk: Desk) -> None:
    await desk.redis.set("cw:moved:1", "left b")
    await desk.redis.set("cw:moved:2", "arrived a")
    await ChatwootCalls(desk.redis).tell({str(number): told(4, 1, time.time()) for number in (1, 2)})
    assert [one["account"] for one in (await now(desk))["chatwoot"]] == ["2"]


async def test_the_end_of_a_pause_is_shown_as_other_times_are(desk: Desk) -> None:
    until = float(int(time.time()) + 3600)
    await Pauses(desk.redis).pause("1", until, who="ana", why="<b>stock</b>")
    (problem,) = [one for one in (await now(desk))["problems"] if one["kind"] == "paused"]
    shown = f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M:%S} UTC"
    assert problem["text"].startswith(f"Account 1 is paused until {shown} by ana")
    page = (await desk.ask("/", "operator"))[1]
    assert re.search(rf'paused until <time datetime="[^"]+" title="[^"]+">{shown}</time> by ana', page)
    assert ("&lt;b&gt;stock" in page, "<b>stock" in page) == (True, False)


async def test_processes_agree_or_not(desk: Desk) -> None:
    def process(name: str, digest: str, version: int) -> Process:
        return Process(
            name=name, kind="worker", host="h", pid=1, release="0", started=time.time(), seen=time.time(),
            version=version, digest=digest, effective=digest, refused=0, slots=4,
        )  # fmt: skip

    await Processes(desk.redis).report(process("a", "x", 3))
    await Processes(desk.redis).report(process("b", "x", 3))
    assert (await now(desk))["configuration"] == {"agree": True, "versions": [3], "processes": 2}
    await Processes(desk.redis).report(process("b", "y", 4))
    assert (await now(desk))["configuration"] == {"agree": False, "versions": [4, 3], "processes": 2}
    assert (await desk.ask("/", "viewer"))[0] == 200

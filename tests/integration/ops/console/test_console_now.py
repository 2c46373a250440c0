"""Now shows who waits and for how long, which models are left alone, and whether all serve one configuration."""

import json
import time
from typing import Any

from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.installation.processes import Process, Processes
from chatwootai.stores.models.breakers import BreakerStore
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

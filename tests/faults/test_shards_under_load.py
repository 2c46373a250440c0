"""Two Redis under load: an account moves from one to the other, and one of them is killed. Nobody is forgotten.

The tests stand in their order: an account moves away, the Redis that it has left is killed, and it comes back.
"""

import asyncio
from collections.abc import Iterator

import pytest

from bench.traffic import drive, ended_and_running, errands, judged, settled
from chatwootai.stores import keys
from chatwootai.stores.moving.places import count_keys
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.installation.system import Plan, System
from tests.integration.ops.test_ops_jobs import Desk

CUSTOMERS = 60
PER_SECOND = 4.0
WITHIN = 60.0
ACCOUNT = "1"


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """Two doors, and a worker that has a child for each of two Redis; the model takes 300 ms."""
    settings = "rate_per_minute: 100000\ndeadline_ms: 60000\n"
    plan = Plan(shards=("a", "b"), ingresses=2, llm=("--latency", "fixed:300ms"), settings=settings)
    system = System(plan)
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


def environ(system: System) -> dict[str, str]:
    shards = ",".join(f"{name}={server.url}" for name, server in system.shards.items())
    return {
        "CHATWOOTAI_REDIS_SHARDS": shards, "CHATWOOTAI_CONFIG": str(system.configuration), "OPENAI_API_KEY": "sk",
        **seed.environ(system.world, system.url("chatwoot")),
    }  # fmt: skip


async def test_an_account_moves_under_load(system: System) -> None:
    await moved_under_load(system, "a", "b")


async def test_a_shard_that_is_killed_stops_no_other(system: System) -> None:
    """Account 1 is on b by now, account 2 on a: while a is dead, all of account 1 are answered."""
    wanted = errands(CUSTOMERS, seed=3, channels=("whatsapp", "webchat"))
    theirs = [one for one in wanted if one.account == 2]
    before, _ = await ended_and_running(system)
    system.shards["a"].kill()
    async with Driver(system.url("chatwoot")) as driver:
        sent = [await driver.write(2, one.channel, one.text) for one in theirs]
        others = [one for one in wanted if one.account == 1]
        report = await drive(system, others, per_second=PER_SECOND, within=WITHIN)
        assert report.problems == []
        assert not [one for one in sent if await driver.replies(one)], "a was not dead"
        system.shards["a"].resume()
        for one in sent:
            await driver.wait_for_reply(one, within=WITHIN)
        await settled(system, before + len(wanted), WITHIN)
        problems = [
            each
            for one, message in zip(theirs, sent, strict=True)
            for each in judged(one, await driver.replies(message))
        ]
        assert problems == []


async def test_an_account_comes_back_under_load(system: System) -> None:
    await moved_under_load(system, "b", "a")


async def moved_under_load(system: System, source: str, target: str) -> None:
    async def move() -> None:
        await asyncio.sleep(CUSTOMERS / PER_SECOND / 3)
        said = await Desk(environ(system)).says("accounts", "move", ACCOUNT, "--to", target, "--yes", "--wait", "60")
        assert (said.code, said.err) == (0, ""), said
        assert "cleared" in said.out

    wanted = errands(CUSTOMERS, seed=ord(source), channels=("whatsapp", "webchat"))
    report, _ = await asyncio.gather(drive(system, wanted, per_second=PER_SECOND, within=WITHIN), move())
    assert report.problems == []
    assert len(report.seconds) == CUSTOMERS
    left, there = connect(system.shards[source].url), connect(system.shards[target].url)
    assert await left.get(keys.moved(ACCOUNT)) == f"left {target}".encode()
    assert await there.get(keys.moved(ACCOUNT)) is None
    assert (await count_keys(left))[ACCOUNT] == 0
    assert (await count_keys(there))[ACCOUNT] > 0
    await left.aclose()
    await there.aclose()

"""`chatwootai tail`: log lines of all processes, on a whole installation; and what becomes of them without Redis."""

import asyncio
import json
from typing import Any

import pytest

from chatwootai.stores import keys
from chatwootai.stores.installation import event_stream
from chatwootai.stores.installation.event_stream import EventSender, EventStream
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.telemetry.metrics import EVENTS_DROPPED
from chatwootai.telemetry.recent import RecentEvents
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.installation.system import System
from tests.integration.ops.test_ops_jobs import Desk

CANARY = "Zwetschgenknödel"


async def until_told(desk: Desk, *words: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(30):
        while not (found := (await desk.says("tail", "--json", *words)).data):  # noqa: ASYNC110 - what others do
            await asyncio.sleep(0.2)
    return list(found)


async def test_lines_of_doors_and_workers_are_told_without_a_customers_words(system: System) -> None:
    environ = {"REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration)}
    desk = Desk({**environ, **seed.environ(system.world, system.url("chatwoot"))})
    following = await desk.start("tail", "--follow", "-o", "jsonl", "--cause", "turn_ended")
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", f"Vocês entregam {CANARY}?", new=True)
        await driver.wait_for_reply(sent)
    ended = await until_told(desk, "--account", "1", "--cause", "turn_ended")
    assert ended[-1]["conversation"] == sent.conversation
    assert ended[-1]["process"].startswith("worker ")
    accepted = await until_told(desk, "--cause", "accepted", "--since", "5m")
    assert accepted[-1]["process"].startswith("ingress ")
    assert following.stdout is not None
    while json.loads(await asyncio.wait_for(following.stdout.readline(), 30))["conversation"] != sent.conversation:
        pass
    following.terminate()
    await following.communicate()
    all_of_it = await desk.says("tail", "--json", "--lines", "0")
    assert len(all_of_it.data) > 2
    assert CANARY not in all_of_it.out
    assert "deliv" in all_of_it.out  # what is looked at is what was said
    assert all(one["level"] != "info" for one in (await desk.says("tail", "--errors", "--json")).data)
    assert (await desk.says("tail", "--account", "nobody")).code == 3


def recent_with(count: int, method: str = "info", **more: Any) -> RecentEvents:
    recent = RecentEvents()
    recent.open()
    for number in range(count):
        recent.processor(None, method, {"level": method, "event": "said", "number": number, **more})
    return recent


async def test_the_streams_are_bounded_and_a_flood_leaves_troubles_alone(
    redis: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "KEPT", 300)
    await EventSender(redis, "worker w", recent_with(1, "error", why="it")).send()
    for _ in range(10):
        await EventSender(redis, "worker w", recent_with(200)).send()
    assert await redis.xlen(keys.EVENTS_INFO) <= 400
    (trouble,) = await EventStream(redis).read(troubles_alone=True)
    assert (trouble["event"], trouble["process"], trouble["why"]) == ("said", "worker w", "it")


async def test_a_line_is_never_larger_than_said(redis: Connection) -> None:
    many = {f"field{number}": "x" * 160 for number in range(20)}
    await EventSender(redis, "worker w", recent_with(1, account="1", **many)).send()
    ((_, fields),) = await redis.xrange(keys.EVENTS_INFO)
    assert len(fields[b"e"]) <= event_stream.MOST_BYTES
    (line,) = await EventStream(redis).read()
    assert (line["account"], line["cut"]) == ("1", True)


async def test_what_came_since_is_read_once(redis: Connection) -> None:
    stream = EventStream(redis)
    assert await stream.read() == []
    for expected in (2, 1):
        await EventSender(redis, "worker w", recent_with(expected)).send()
        assert len(await stream.read()) == expected


async def test_without_redis_lines_are_dropped_and_counted(redis_server: Embedded) -> None:
    away = connect("redis://127.0.0.1:9/0", timeout=0.2, retries=0)
    before = EVENTS_DROPPED._value.get()
    await EventSender(away, "worker w", recent_with(120)).send()
    assert EVENTS_DROPPED._value.get() - before == 120
    await away.aclose()

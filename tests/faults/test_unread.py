"""A message that nobody survives reading: two loops stand still, then people get it, and all others an answer."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from chatwootai.stores.operators.dead_letters import DeadLetters
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver
from sandbox.installation.processes import Process
from sandbox.installation.system import Plan, System
from tests.faults.frozen_reader import FREEZES

ACCOUNT, INBOX_CHANNEL = 2, "whatsapp"
_WITHIN = 90.0
_SETTINGS = "rate_per_minute: 100000\ndeadline_ms: 60000\nburst: {window_ms: 0, cap_ms: 0}\n"


class Shop(System):
    """Workers that freeze at one text."""

    def _worker(self, name: str) -> Process:
        environ = self._environ(WORKER_METRICS_PORT=str(self._ports[name]))
        return Process(name, "tests.faults.frozen_reader", environ=environ, folder=self.folder)


@pytest.fixture(scope="module")
def shop() -> Iterator[System]:
    environ = {"WORKER_LEASE_SECONDS": "2", "FROZEN_SECONDS": "6"}
    system = Shop(Plan(workers=2, llm=("--latency", "fixed:50ms"), environ=environ, settings=_SETTINGS))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


async def test_nobody_reads_it_a_third_time(shop: System) -> None:
    async with Driver(shop.url("chatwoot")) as driver:
        deadly = await driver.write(ACCOUNT, INBOX_CHANNEL, f"{FREEZES} por favor", new=True)
        others = [await driver.write(ACCOUNT, INBOX_CHANNEL, "Onde fica a loja?", new=True) for _ in range(5)]
        async with asyncio.timeout(_WITHIN):
            while (await driver.state(deadly))["status"] != "open":  # noqa: ASYNC110 - Chatwoot does not call
                await asyncio.sleep(0.1)
            for other in others:
                while not _bots((await driver.state(other))["messages"]):  # noqa: ASYNC110 - another process' work
                    await asyncio.sleep(0.1)
        state = await driver.state(deadly)
    note, sentence = _bots(state["messages"])
    assert (note["kind"], sentence["kind"]) == ("note", "outgoing")
    assert FREEZES not in json.dumps(note, ensure_ascii=False)
    async with connect(shop.redis_url) as connection:
        letters = await DeadLetters(connection).of(f"{ACCOUNT}:{deadly.conversation}")
    assert [letter.deliveries[0].message.text for letter in letters] == [f"{FREEZES} por favor"]
    told = [line for name in ("worker", "worker-2") for line in _lines(shop, name)]
    blocked = [line for line in told if line["event"] == "loop_blocked"]
    frozen = [line for line in blocked if any("_frozen" in place for place in line["where"])]
    assert {line.get("conversation") for line in frozen} == {deadly.conversation}
    assert {line.get("conversation") for line in blocked} <= {deadly.conversation, None}, "a busy machine blocks, too"
    assert not any(FREEZES in json.dumps(line) for line in told)


def _bots(messages: list[dict]) -> list[dict]:  # type: ignore[type-arg]
    return [message for message in messages if message["sender"]["kind"] == "bot"]


def _lines(shop: System, name: str) -> list[dict]:  # type: ignore[type-arg]
    text = shop.processes[name].log.read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

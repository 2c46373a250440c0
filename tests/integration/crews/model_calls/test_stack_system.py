"""The whole system while its model fails: every turn ends inside its deadline, answered or given to people."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver
from sandbox.installation.processes import free_port
from sandbox.installation.system import Plan, System
from sandbox.llm.app import runner
from sandbox.llm.driver import Driver as Llm
from sandbox.llm.settings import Settings

DEADLINE = 8.0
HUNG = 20.0  # seconds: what a turn takes that waits for its model instead of its deadline
SPARE = free_port()
SETTINGS = f"""\
rate_per_minute: 1000000
deadline_ms: {DEADLINE * 1000:.0f}
model:
  fallbacks:
    - {{name: gpt-4.1-mini, base_url: "http://127.0.0.1:{SPARE}/v1"}}
"""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """Two workers with a short lease; the second model's port is silent unless a test opens it."""
    environ = {"WORKER_LEASE_SECONDS": "2"}
    system = System(Plan(workers=2, llm=("--latency", "fixed:300ms"), settings=SETTINGS, environ=environ))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@dataclass(frozen=True)
class Told:
    """What one customer read, and how long after writing."""

    text: str
    seconds: float

    @property
    def answered(self) -> bool:
        return "pagamento" in self.text.lower() or "vezes" in self.text


class Floor:
    def __init__(self, system: System, driver: Driver, llm: Llm) -> None:
        self.system = system
        self.driver = driver
        self.llm = llm
        self.asked = 0

    async def customers(self, count: int, text: str = "Quais as formas de pagamento? Pedido CW-{:04d}.") -> list[Told]:
        async def one(number: int) -> Told:
            sent = await self.driver.write(1, "whatsapp", text.format(number))
            (reply, *_) = await self.driver.wait_for_reply(sent, within=180)
            return Told(reply["text"], reply["at"] - sent.at)

        self.asked += count
        return await asyncio.gather(*(one(self.asked + number) for number in range(count)))


@pytest.fixture
async def floor(system: System) -> AsyncIterator[Floor]:
    for process in ("llm", "worker", "worker-2"):
        if not system.processes[process].alive:
            system.processes[process].start()
        await system.ready(process)
    connection = connect(system.redis_url)
    await connection.delete("cw:done")
    for pattern in ("cw:breaker:*", "cw:done:*"):
        async for key in connection.scan_iter(pattern):
            await connection.delete(key)
    await connection.aclose()
    async with Driver(system.url("chatwoot")) as driver, aiohttp.ClientSession() as session:
        llm = system.llm(session)
        await llm.reset()
        yield Floor(system, driver, llm)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("stall", {}),
        ("slow", {"seconds": 60.0}),
        ("rate_limited", {"seconds": 30.0}),
        ("server_error", {"status": 503}),
        ("malformed", {}),
        ("cut", {}),
    ],
)
async def test_a_model_that_always_fails_leaves_nobody_without_a_word(
    floor: Floor, kind: str, given: dict[str, float]
) -> None:
    await floor.llm.fault(kind, share=1.0, **given)
    told = await floor.customers(10)
    assert max(each.seconds for each in told) < HUNG
    if kind == "cut":  # at the very end whole sentences that were heard are said
        assert all(each.text.rstrip().endswith((".", "!", "?", ")")) for each in told), told
    else:
        assert not any(each.answered for each in told), told


@pytest.mark.parametrize(
    ("kind", "share", "at_least"), [("server_error", 0.33, 12), ("cut", 0.33, 12), ("stall", 0.2, 10)]
)
async def test_a_model_that_often_fails_answers_nearly_all(
    floor: Floor, kind: str, share: float, at_least: int
) -> None:
    await floor.llm.fault(kind, share=share)
    told = await floor.customers(12)
    assert sum(each.answered for each in told) >= at_least, [each for each in told if not each.answered]
    assert max(each.seconds for each in told) < HUNG


async def test_a_dead_model_is_stood_in_for(floor: Floor) -> None:
    floor.system.processes["llm"].send(signal.SIGKILL)
    await floor.system.processes["llm"].gone()
    told = await floor.customers(5)
    assert not any(each.answered for each in told), told
    assert max(each.seconds for each in told) < HUNG
    stand_in = runner(Settings(latency="fixed:300ms"))
    await stand_in.setup()
    await web.TCPSite(stand_in, "127.0.0.1", SPARE).start()
    try:
        told = await floor.customers(10)
    finally:
        await stand_in.cleanup()
    assert all(each.answered for each in told), told


async def test_300_equal_questions_and_a_worker_killed_in_the_midst_are_a_handful_of_calls(floor: Floor) -> None:
    await floor.llm.latency("fixed:2s")
    try:
        asking = asyncio.create_task(floor.customers(300, "Vocês têm creme para o rosto?"))
        await floor.llm.wait("in_flight", at_least=1)
        floor.system.processes["worker"].send(signal.SIGKILL)
        told = await asking
        stats = await floor.llm.stats()
    finally:
        await floor.llm.latency("fixed:300ms")
    assert len(told) == 300
    assert stats["requests"] <= 10
    answers = Counter(each.text.rpartition("\n\n")[2] for each in told)  # who is greeted first is another matter
    assert max(answers.values()) >= 290

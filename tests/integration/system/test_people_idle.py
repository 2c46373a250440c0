"""A contact who falls silent, through real processes: reminded once, then closed or given to people; never talked over.

Nobody waits for minutes here: the agreed time is put to now in Redis, where every worker reads it.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, connect
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.installation.system import Plan, System

SETTINGS = "rate_per_minute: 100000\ndeadline_ms: 60000\nburst: {window_ms: 0, cap_ms: 0}\n"
ASK = "Qual o telefone da loja?"
REMINDER = "Ainda está por aí?"


def started(idle: str, **plan: Any) -> System:
    system = System(Plan(llm=("--latency", "fixed:50ms"), settings=f"{SETTINGS}idle: {idle}\n", **plan))
    try:
        asyncio.run(system.start())
    except BaseException:
        system.stop()
        raise
    return system


@pytest.fixture(scope="module")
def closing() -> Iterator[System]:
    system = started("{remind_after_minutes: 30, end_after_minutes: 60, end: close}")
    yield system
    system.stop()


@pytest.fixture(scope="module")
def giving() -> Iterator[System]:
    system = started("{end_after_minutes: 60}", workers=2, environ={"WORKER_LEASE_SECONDS": "1.5"})
    yield system
    system.stop()


class Clock:
    """Turns the silence of a conversation into one that is over."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def due(self, sent: Sent) -> float:
        """When something is due, in seconds from now, once it is agreed on."""
        conv = keys.conv(str(sent.account), sent.conversation)
        async with asyncio.timeout(10):
            while (score := await self._redis.zscore(keys.TIMERS, conv)) is None:  # noqa: ASYNC110 - Redis and faults have no events
                await asyncio.sleep(0.02)
        seconds, _ = await self._redis.time()
        return float(score) / 1000 - float(seconds)

    async def agreed(self, sent: Sent) -> bool:
        return await self._redis.zscore(keys.TIMERS, keys.conv(str(sent.account), sent.conversation)) is not None

    async def strikes(self, *sent: Sent) -> None:
        for one in sent:
            await self.due(one)
            await self._redis.zadd(keys.TIMERS, {keys.conv(str(one.account), one.conversation): 1})


async def clock_of(system: System) -> AsyncIterator[Clock]:
    connection = connect(system.redis_url)
    yield Clock(connection)
    await connection.aclose()


@pytest.fixture
async def clock(closing: System) -> AsyncIterator[Clock]:
    async for clock in clock_of(closing):
        yield clock


@pytest.fixture
async def driver(closing: System) -> AsyncIterator[Driver]:
    async with Driver(closing.url("chatwoot")) as driver:
        yield driver


async def answered(driver: Driver, channel: str = "webchat") -> Sent:
    sent = await driver.write(2, channel, ASK, new=True)
    await driver.wait_for_reply(sent)
    return sent


async def test_reminded_once_then_closed(driver: Driver, clock: Clock) -> None:
    sent = await answered(driver)
    assert 29 * 60 < await clock.due(sent) <= 30 * 60 + 1
    await clock.strikes(sent)
    replies = await driver.wait_for_reply(sent, count=2)
    assert replies[1]["text"].startswith(REMINDER)
    assert 59 * 60 < await clock.due(sent) <= 60 * 60 + 1
    await clock.strikes(sent)
    await driver.wait_for_status(sent, "resolved")
    replies = await driver.replies(sent)
    assert len(replies) == 3
    assert "encerrar" in replies[2]["text"]
    assert not await clock.agreed(sent)


async def test_whoever_writes_is_not_reminded(driver: Driver, clock: Clock) -> None:
    sent = await answered(driver)
    await clock.due(sent)
    again = await driver.answer(sent, "webchat", "E o endereço?")
    await driver.wait_for_reply(again)
    assert await clock.due(sent) > 29 * 60  # counted anew


@pytest.mark.parametrize("step_in", ["reply", "open", "resolve"])
async def test_what_people_do_calls_it_off(driver: Driver, clock: Clock, step_in: str) -> None:
    sent = await answered(driver)
    await clock.due(sent)
    if step_in == "reply":
        await driver.reply(sent, "Oi, eu cuido.")
    else:
        await driver.set_status(sent, {"open": "open", "resolve": "resolved"}[step_in])
    async with asyncio.timeout(10):
        while await clock.agreed(sent):  # noqa: ASYNC110 - Redis and faults have no events
            await asyncio.sleep(0.02)


async def test_a_message_that_nobody_told_us_of_is_seen_too(driver: Driver, clock: Clock) -> None:
    sent = await answered(driver)
    await clock.due(sent)
    await driver.shuffle(100_000)
    await driver.answer(sent, "webchat", "E o endereço?")
    await clock.strikes(sent)
    async with asyncio.timeout(10):
        while await clock.agreed(sent):  # noqa: ASYNC110 - Redis and faults have no events
            await asyncio.sleep(0.02)
    await driver.clear_faults()  # now it comes
    replies = await driver.wait_for_reply(sent, count=2)
    assert not any(one["text"].startswith(REMINDER) for one in replies)


async def test_given_to_people_once_though_workers_die(giving: System) -> None:
    """Ten silences end at once, and kill -9 comes in the midst of it."""
    async with Driver(giving.url("chatwoot")) as driver:
        async for clock in clock_of(giving):
            threads = [await answered(driver) for _ in range(10)]
            await driver.fault("hang", on="messages#create", seconds=60.0, times=3)
            await clock.strikes(*threads)
            async with asyncio.timeout(20):
                while sum(one["struck"] for one in await driver.ask("GET", "/faults")) < 3:  # noqa: ASYNC110 - Redis and faults have no events
                    await asyncio.sleep(0.05)
            for name in ("worker", "worker-2"):
                giving.processes[name].send(signal.SIGKILL)
                await giving.processes[name].gone()
            await driver.clear_faults()
            for name in ("worker", "worker-2"):
                giving.processes[name].start()
            for sent in threads:
                state = await driver.wait_for_status(sent, "open", within=60)
                notes = [one for one in state["messages"] if one["kind"] == "note"]
                assert len(notes) == 1
                assert "o contato não respondeu mais" in notes[0]["text"]
                assert len(await driver.replies(sent)) == 1  # nothing more is said to the contact
                assert state["labels"] == ["handoff"]


def test_nothing_is_agreed_on_by_default() -> None:
    from config.settings.settings import Settings

    assert Settings().idle.remind_after_minutes is None
    assert Settings().idle.end_after_minutes is None

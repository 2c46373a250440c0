"""Conversations that Chatwoot opened since a webhook failed: given back and answered once, unless anybody came."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.server.connection import Connection
from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.sending.webhooks import Sending
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from sandbox.installation.system import Plan, System
from tests.commands import program
from workers.catch_up.opened import Span, answer_opened
from workers.catch_up.unanswered import CatchUp
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.records import Mark

NOBODY = "http://127.0.0.1:1"
"""A door that is shut."""


@pytest.fixture
async def stand() -> AsyncIterator[tuple[Driver, Chatwoot]]:
    world = seed.plant(World(seed=7), NOBODY)
    sandbox = app.create(world, sending=Sending(timeout=2.0, retry_wait=0.01))
    secrets = seed.environ(world)
    async with app.serve(sandbox, world) as served, Driver(served.url) as driver, aiohttp.ClientSession() as session:
        yield (
            driver,
            Chatwoot(
                session,
                url=served.url,
                account=1,
                bot_token=secrets["CHATWOOT_1_BOT_TOKEN"],
                user_token=secrets["CHATWOOT_1_USER_TOKEN"],
            ),
        )


async def answer(redis: Connection, chatwoot: Chatwoot, **more: Any) -> Any:
    now = time.time()
    span = more.pop("span", None) or Span(now - 3600, now + 60)
    return await answer_opened(CatchUp(Mailbox(redis), hours=24, pace=0), Turns(redis), "1", chatwoot, span, **more)


async def waiting(redis: Connection, sent: Sent) -> list[int]:
    return [one.message.id for one in (await ConversationHistories(redis).read(f"1:{sent.conversation}")).waiting]


async def opened(driver: Driver, text: str = "Oi") -> Sent:
    sent = await driver.write(1, "whatsapp", text, new=True)
    await driver.wait_for_status(sent, "open")
    return sent


async def written(driver: Driver, to: Sent, text: str) -> Sent:
    """A message whose webhook has failed for good: nothing opens its conversation later."""
    sent = await driver.answer(to, "whatsapp", text)
    assert await driver.deliveries(timeout=30, done=True, event="message_created", message=sent.message)
    return sent


async def test_what_a_failed_webhook_opened_is_given_back_and_admitted(
    stand: tuple[Driver, Chatwoot], redis: Connection
) -> None:
    driver, chatwoot = stand
    first, other = await opened(driver), await opened(driver)
    more = await written(driver, first, "Alô?")
    counted = await answer(redis, chatwoot, dry_run=True)
    assert (counted.conversations, counted.waiting, counted.admitted) == (2, 3, 0)
    assert (await driver.state(first))["status"] == "open"
    done = await answer(redis, chatwoot)
    assert (done.conversations, done.admitted) == (2, 3)
    assert await waiting(redis, first) == [first.message, more.message]
    assert await waiting(redis, other) == [other.message]
    assert {(await driver.state(one))["status"] for one in (first, other)} == {"pending"}
    again = await answer(redis, chatwoot)
    assert (again.conversations, again.admitted) == (0, 0)


async def test_what_a_person_touched_is_left_alone(stand: tuple[Driver, Chatwoot], redis: Connection) -> None:
    driver, chatwoot = stand
    taken, answered, noted, resolved = [await opened(driver) for _ in range(4)]
    await driver.take_over(taken)
    await driver.reply(answered, "Olá, aqui é a Ana")
    await driver.note(noted, "I call them")
    await driver.resolve(resolved)
    touched = (taken, answered, noted, resolved)
    before = [(await driver.state(one))["status"] for one in touched]
    assert (await answer(redis, chatwoot)).conversations == 0
    assert [(await driver.state(one))["status"] for one in touched] == before


async def test_a_handoff_of_the_bots_own_is_none(stand: tuple[Driver, Chatwoot], redis: Connection) -> None:
    driver, chatwoot = stand
    sent = await opened(driver)
    await chatwoot.set_status(sent.conversation, "pending")
    await chatwoot.create_message(sent.conversation, "Uma pessoa responde em breve.")
    await chatwoot.set_status(sent.conversation, "open")
    await driver.answer(sent, "whatsapp", "Ok, espero")
    assert (await answer(redis, chatwoot)).conversations == 0
    assert (await driver.state(sent))["status"] == "open"


async def test_an_answer_of_ours_that_no_door_heard_of_is_no_reason_to_leave_it_to_people(
    stand: tuple[Driver, Chatwoot], redis: Connection
) -> None:
    driver, chatwoot = stand
    threads = [await opened(driver) for _ in range(3)]
    for sent, (turn, outcome) in zip(threads, (("t1", "reply"), ("t2", "handoff"), ("t3", "")), strict=True):
        if outcome:
            await Turns(redis).write(turn, {"outcome": outcome})
        await chatwoot.set_status(sent.conversation, "pending")
        await chatwoot.create_message(sent.conversation, "Entregamos.", mark=Mark(turn, 1))
        await driver.wait_for_status(sent, "open")
    more = await written(driver, threads[0], "E quanto custa?")
    counted = await answer(redis, chatwoot, dry_run=True)
    assert (counted.conversations, counted.waiting) == (1, 1)
    done = await answer(redis, chatwoot)
    assert (done.conversations, done.admitted) == (1, 1)
    assert await waiting(redis, threads[0]) == [more.message]
    assert [(await driver.state(one))["status"] for one in threads] == ["pending", "open", "open"]


async def test_only_what_was_opened_within_the_span(stand: tuple[Driver, Chatwoot], redis: Connection) -> None:
    driver, chatwoot = stand
    sent = await opened(driver)
    now = time.time()
    for span in (Span(now - 3600, now - 1800), Span(now + 1800, now + 3600)):
        assert (await answer(redis, chatwoot, span=span)).conversations == 0
    assert (await driver.state(sent))["status"] == "open"


async def test_without_room_people_keep_it(stand: tuple[Driver, Chatwoot], redis: Connection) -> None:
    driver, chatwoot = stand
    sent = await opened(driver)
    catch_up = CatchUp(Mailbox(redis, most_waiting=0), hours=24, pace=0)
    done = await answer_opened(catch_up, Turns(redis), "1", chatwoot, Span(0, time.time() + 60))
    assert done.full
    assert (await driver.state(sent))["status"] == "open"


@pytest.fixture(scope="module", params=["by command", "by itself"])
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    by_itself = {"CATCH_UP_OPENED_MINUTES": "15"} if request.param == "by itself" else {}
    system = System(Plan(llm=("--latency", "instant"), environ=by_itself))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


async def test_a_door_that_was_down_loses_nobody(system: System) -> None:
    door = system.processes["ingress"]
    async with Driver(system.url("chatwoot")) as driver:
        await asyncio.to_thread(door.stop)
        sent = [await driver.write(1, "whatsapp", f"Vocês entregam? {number}", new=True) for number in range(20)]
        for one in sent:
            await driver.wait_for_status(one, "open")
        touched = [sent.pop() for _ in range(3)]
        await driver.take_over(touched[0])
        await driver.note(touched[1], "I look at it")
        await driver.reply(touched[2], "Olá, sou da equipe")
        door.start()
        await system.ready("ingress")
        if "CATCH_UP_OPENED_MINUTES" not in system.plan.environ:
            await asyncio.to_thread(_catch_up, system)
        for one in sent:
            await driver.wait_for_reply(one, within=90)
        replies = [await driver.replies(one) for one in sent]
        assert [len({each["turn"] for each in found}) for found in replies] == [1] * len(sent)
        for one in touched:
            assert [each for each in await driver.replies(one) if each.get("turn")] == []
            assert (await driver.state(one))["status"] == "open"


def _catch_up(system: System) -> None:
    environ = {
        **os.environ,
        **seed.environ(system.world, system.url("chatwoot")),
        "REDIS_URL": system.redis_url,
        "CHATWOOTAI_CONFIG": str(system.configuration),
    }
    command = [*program(), "catch-up", "--opened-by-failure", "--since", "1h", "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=120)
    (row,) = [one for one in json.loads(done.stdout) if one["account"] == "1"]
    assert (row["conversations"], row["problem"]) == (17, None)

"""Customers whose webhooks never arrived: found in Chatwoot, admitted as if they had, answered once."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores import keys, lifetimes
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.installation.catch_up_lock import CatchUpLock
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.telemetry.tasks import ended
from config.settings.mail_media_template import Messages
from ingress.payload import RequestInfo, parse
from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.sending.webhooks import Sending
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from sandbox.installation.system import Plan, System
from workers.catch_up.schedule import at_intervals, at_start
from workers.catch_up.unanswered import CatchUp, list_active, unanswered
from workers.chatwoot.client import Chatwoot

MEDIA = ("whatsapp", "webchat", "email", "instagram", "telegram", "sms", "facebook", "api", "twilio_whatsapp")


@dataclass
class Stand:
    """A sandbox Chatwoot whose agent hears nothing, or (`heard`) keeps what it is sent."""

    driver: Driver
    chatwoot: Chatwoot
    silent: Chatwoot
    world: World
    heard: dict[int, bytes]

    async def catch_up(self, redis: Connection, hours: float = 24, **more: Any) -> Any:
        return await CatchUp(Mailbox(redis), hours=hours, pace=0).account("1", self.chatwoot, **more)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    heard: dict[int, bytes] = {}

    async def hear(request: web.Request) -> web.Response:
        raw = await request.read()
        body = await request.json()
        if body["event"] == "message_created":
            heard[body["id"]] = raw
        return web.json_response({})

    ear = web.Application()
    ear.router.add_post("/{rest:.*}", hear)
    runner = web.AppRunner(ear)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    world = seed.plant(World(seed=7), f"http://127.0.0.1:{runner.addresses[0][1]}")
    sandbox = app.create(world, sending=Sending(timeout=2.0, retry_wait=0.01))
    secrets = seed.environ(world)
    async with app.serve(sandbox, world) as served, Driver(served.url) as driver, aiohttp.ClientSession() as session:
        common: dict[str, Any] = {"url": served.url, "account": 1, "bot_token": secrets["CHATWOOT_1_BOT_TOKEN"]}
        chatwoot = Chatwoot(session, **common, user_token=secrets["CHATWOOT_1_USER_TOKEN"])
        yield Stand(driver, chatwoot, Chatwoot(session, **common), world, heard)
    await runner.cleanup()


async def in_mailbox(redis: Connection, sent: Sent) -> list[int]:
    return [one.message.id for one in (await ConversationHistories(redis).read(f"1:{sent.conversation}")).waiting]


@pytest.mark.parametrize("medium", MEDIA)
async def test_what_is_found_is_what_the_webhook_would_have_brought(stand: Stand, medium: str) -> None:
    sent = await stand.driver.write(
        1,
        medium,
        "Oi! Vocês entregam?",
        subject="Entrega",
        attachments=[{"file_type": "location", "coordinates_lat": 1}],
    )
    await stand.driver.deliveries(timeout=10, event="message_created", done=True, sender="agent_bot")
    by_webhook = parse(stand.heard[sent.message], RequestInfo("1", 1, 1.0, "d1"))
    (conversation,) = await list_active(stand.chatwoot, 0.0)
    (found,) = await unanswered(stand.chatwoot, "1", conversation, 0.0)
    assert isinstance(by_webhook, Delivery)
    assert abs(found.received_at - time.time()) < 5
    assert abs(found.message.at - by_webhook.message.at) < 1  # the API tells whole seconds
    assert (
        replace(
            found,
            received_at=1.0,
            delivery_id="d1",
            message=replace(found.message, at=by_webhook.message.at),
        )
        == by_webhook
    )


async def test_only_what_nobody_has_answered_is_admitted_and_only_once(stand: Stand, redis: Connection) -> None:
    first = await stand.driver.write(1, "whatsapp", "um")
    await stand.driver.reply(first, "answered by a person, still pending")
    later = [await stand.driver.answer(first, "whatsapp", text) for text in ("dois", "três")]
    await stand.driver.note(first, "a note answers nobody")
    done = await stand.driver.write(1, "sms", "oi")
    await stand.chatwoot.create_message(done.conversation, "here you are")
    taken = await stand.driver.write(1, "telegram", "oi")
    await stand.driver.take_over(taken)
    caught = await stand.catch_up(redis)
    assert (caught.conversations, caught.waiting, caught.admitted, caught.known) == (2, 2, 2, 0)
    assert await in_mailbox(redis, first) == [one.message for one in later]
    assert await in_mailbox(redis, done) == await in_mailbox(redis, taken) == []
    again = await stand.catch_up(redis)
    assert (again.admitted, again.known) == (0, 2)


async def test_neither_groups_nor_imported_history_are_caught_up_with(stand: Stand, redis: Connection) -> None:
    family = {"name": "Família", "identifier": "120363041234567890@g.us"}
    group = await stand.driver.write(1, "api", "bom dia", contact=family)
    week = {"external_created_at": time.time() - 5 * 86_400}
    old = await stand.driver.write(1, "api", "oi", new=True, attributes=week)
    manners = Messages()
    quiet = CatchUp(Mailbox(redis), hours=24, pace=0, rules=lambda *_: manners.reading_rules)
    assert (await quiet.account("1", stand.chatwoot)).waiting == 0
    week_back = CatchUp(Mailbox(redis), hours=24 * 6, pace=0, rules=lambda *_: manners.reading_rules)
    assert (await week_back.account("1", stand.chatwoot)).admitted == 1  # an operator who looks back so far means it
    assert await in_mailbox(redis, old) == [old.message]
    manners = Messages(groups=True)
    assert (await quiet.account("1", stand.chatwoot)).admitted == 1
    assert await in_mailbox(redis, group) == [group.message]


async def test_a_dry_run_only_counts(stand: Stand, redis: Connection) -> None:
    sent = await stand.driver.write(1, "whatsapp", "um")
    caught = await stand.catch_up(redis, dry_run=True)
    assert (caught.waiting, caught.admitted) == (1, 0)
    assert await in_mailbox(redis, sent) == []


async def test_what_is_older_than_the_look_back_stays_where_it_is(stand: Stand, redis: Connection) -> None:
    sent = await stand.driver.write(1, "whatsapp", "um")
    thread = stand.world.conversation(1, sent.conversation)
    thread.last_activity_at = thread.messages[-1].created_at = time.time() - 7200
    assert (await stand.catch_up(redis, hours=1)).conversations == 0
    assert (await stand.catch_up(redis, hours=3)).admitted == 1


async def test_many_conversations_and_long_ones_are_paged(stand: Stand, redis: Connection) -> None:
    many = [await stand.driver.write(1, "whatsapp", "oi", contact=f"+55119{number:08d}") for number in range(60)]
    for number in range(30):
        await stand.driver.answer(many[0], "whatsapp", f"parte {number}")
    caught = await stand.catch_up(redis)
    assert (caught.conversations, caught.admitted) == (60, 90)
    assert len(await in_mailbox(redis, many[0])) == 31


async def test_a_full_account_is_left_for_later(stand: Stand, redis: Connection) -> None:
    for _ in range(3):
        await stand.driver.write(1, "whatsapp", "oi", new=True)
    caught = await CatchUp(Mailbox(redis, most_waiting=2), hours=1, pace=0).account("1", stand.chatwoot)
    assert (caught.full, caught.admitted) == (True, 2)


async def test_one_account_that_fails_and_one_that_cannot_be_asked_do_not_stop_the_others(
    stand: Stand, redis: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.catch_up.schedule._PAUSES", (0.0, 0.01))
    sent = await stand.driver.write(1, "whatsapp", "oi")
    async with aiohttp.ClientSession() as session:
        nowhere = Chatwoot(session, url="http://127.0.0.1:9", account=3, bot_token="b", user_token="u")
        clients = [("2", stand.silent), ("3", nowhere), ("1", stand.chatwoot)]
        await at_start(CatchUpLock(redis, "w1"), CatchUp(Mailbox(redis), hours=1, pace=0), clients)
    assert await in_mailbox(redis, sent) == [sent.message]
    rounds = CatchUpLock(redis, "w2")
    assert [await rounds.last_begun(account) is not None for account in ("1", "2", "3")] == [True, False, False]


async def test_one_worker_makes_the_rounds_and_gives_them_up(redis: Connection) -> None:
    mine, other = CatchUpLock(redis, "w1"), CatchUpLock(redis, "w2")
    assert await mine.take()
    assert await mine.take()
    assert not await other.take()
    async with mine.held():
        assert 0 < await redis.pttl(keys.CATCHUP) <= lifetimes.CATCHUP_MS
    assert await other.take()
    async with mine.held():  # lost meanwhile: not mine to give up
        pass
    assert not await mine.take()


async def test_what_another_has_done_since_the_start_is_not_done_again(stand: Stand, redis: Connection) -> None:
    sent, rounds = await stand.driver.write(1, "whatsapp", "oi"), CatchUpLock(redis, "w1")
    await rounds.note_begun("1", await rounds.now() + 1)
    await at_start(CatchUpLock(redis, "w2"), CatchUp(Mailbox(redis), hours=1, pace=0), [("1", stand.chatwoot)])
    assert await in_mailbox(redis, sent) == []


async def test_what_another_did_a_moment_before_the_start_is_done_again_later(
    stand: Stand, redis: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, rounds = await stand.driver.write(1, "whatsapp", "oi"), CatchUpLock(redis, "w1")
    monkeypatch.setattr("workers.catch_up.schedule._APART", 0.2)
    monkeypatch.setattr("workers.catch_up.schedule._PAUSES", (0.0, 0.3))
    await rounds.note_begun("1", await rounds.now())
    await at_start(CatchUpLock(redis, "w2"), CatchUp(Mailbox(redis), hours=1, pace=0), [("1", stand.chatwoot)])
    assert await in_mailbox(redis, sent) == [sent.message]


async def let_it_be_old(stand: Stand, sent: Sent, seconds: float) -> None:
    thread = stand.world.conversation(1, sent.conversation)
    thread.last_activity_at = thread.messages[-1].created_at = time.time() - seconds


async def test_rounds_are_made_again_and_again_by_whoever_comes_first(stand: Stand, redis: Connection) -> None:
    catch_up = CatchUp(Mailbox(redis), hours=1, pace=0)
    surprises = [KeyError("one"), KeyError("two")]

    def clients() -> list[tuple[str, Chatwoot]]:
        if surprises:
            raise surprises.pop()
        return [("1", stand.chatwoot)]

    rounds = [
        asyncio.create_task(at_intervals(CatchUpLock(redis, name), catch_up, clients, 0.1)) for name in ("w1", "w2")
    ]
    try:
        for text in ("um", "dois"):
            sent = await stand.driver.write(1, "whatsapp", text, new=True)
            await let_it_be_old(stand, sent, 300)
            while not await in_mailbox(redis, sent):  # noqa: ASYNC110 - another process would see it the same way
                await asyncio.sleep(0.02)
            assert await in_mailbox(redis, sent) == [sent.message]
    finally:
        await ended(*rounds)


async def test_a_round_leaves_to_its_webhook_what_was_said_a_moment_ago(stand: Stand, redis: Connection) -> None:
    sent = await stand.driver.write(1, "whatsapp", "um")
    assert (await stand.catch_up(redis, quiet=120)).waiting == 0
    await let_it_be_old(stand, sent, 121)
    assert (await stand.catch_up(redis, quiet=120)).admitted == 1


async def test_a_round_looks_back_to_the_last_one_and_never_beyond_the_hours(stand: Stand, redis: Connection) -> None:
    sent = await stand.driver.write(1, "whatsapp", "um")
    await let_it_be_old(stand, sent, 5400)
    assert (await stand.catch_up(redis, seconds=900)).conversations == 0
    assert (await stand.catch_up(redis, hours=1, seconds=6000)).conversations == 0
    assert (await stand.catch_up(redis, seconds=6000)).admitted == 1


@pytest.fixture(scope="module")
def dark() -> Iterator[System]:
    """A whole installation, whose door and worker the tests close."""
    system = System(Plan(llm=("--latency", "instant")))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


async def deaf(system: System) -> None:
    """Chatwoot tells account 1's webhook of messages, not its agent bot: what fails there leaves no trace (1.5)."""
    token = seed.environ(system.world)["CHATWOOT_1_USER_TOKEN"]
    api = f"{system.url('chatwoot')}/api/v1/accounts/1"
    async with aiohttp.ClientSession(headers={"api_access_token": token}) as session:
        async with session.get(f"{api}/agent_bots") as answer:
            (bot,) = [one for one in await answer.json() if one["account_id"] == 1]
        async with session.get(f"{api}/webhooks") as answer:
            (hook,) = (await answer.json())["payload"]["webhooks"]
        (await session.patch(f"{api}/agent_bots/{bot['id']}", json={"outgoing_url": ""})).raise_for_status()
        wanted = {"subscriptions": [*hook["subscriptions"], "message_created"]}
        (await session.patch(f"{api}/webhooks/{hook['id']}", json=wanted)).raise_for_status()


async def sent_again(driver: Driver, messages: set[int]) -> list[str]:
    """What the door says to these messages' webhooks, sent once more."""
    lost = [one for one in await driver.deliveries(event="message_created") if one["message"] in messages]
    for one in lost:
        await driver.ask("POST", f"/deliveries/{one['n']}/again")
    while True:
        told = [one for one in await driver.deliveries(event="message_created") if one["message"] in messages]
        if all(len(one["attempts"]) == 2 for one in told):
            return [one["attempts"][1]["body"] for one in told]
        await asyncio.sleep(0.05)


async def test_customers_who_wrote_while_the_door_was_shut_are_answered_once(dark: System) -> None:
    for name in ("ingress", "worker"):
        await asyncio.to_thread(dark.processes[name].stop)
    await deaf(dark)
    connection = connect(dark.redis_url)
    await connection.delete(keys.caught("1"))  # else the second start would wait a minute
    await connection.aclose()
    async with Driver(dark.url("chatwoot")) as driver:
        sent = [await driver.write(1, medium, "Vocês entregam?") for medium in MEDIA]
        last = await driver.answer(sent[0], "whatsapp", "Alô?")
        for one in [*sent[1:], last]:
            await driver.deliveries(timeout=10, event="message_created", done=True, conversation=one.conversation)
        for name in ("ingress", "worker"):
            dark.processes[name].start()
        await asyncio.gather(*(dark.ready(name) for name in ("ingress", "worker")))
        for one in [*sent[1:], last]:
            await driver.wait_for_reply(one)
        # Chatwoot has no second try for these; a webhook that comes after all is a duplicate.
        messages = {one.message for one in [*sent, last]}
        assert await sent_again(driver, messages) == ['{"status":"duplicate"}'] * len(messages)
        report = [await driver.replies(one) for one in sent]
        assert [len({reply["turn"] for reply in replies}) for replies in report] == [1] * len(MEDIA)
        assert {(await driver.state(one))["status"] for one in sent} == {"pending"}

"""The three signed senders over real sockets: signatures, retries, what a failure costs, disorder on demand."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.chatwoot import app
from sandbox.chatwoot.app import Served
from sandbox.chatwoot.driver import Driver, NothingHappened, Sent, Thread
from sandbox.chatwoot.sending.webhooks import Sending
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.threads import ERROR_NOTICE
from sandbox.chatwoot.world.world import World

Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse]]


@dataclass
class Ear:
    """Somebody who listens for webhooks and answers as told."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    answer: Answer | None = None

    async def hear(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        entry = {"body": json.loads(raw), "raw": raw, "headers": request.headers.copy(), "at": time.monotonic()}
        self.heard.append(entry)
        return await self.answer(entry) if self.answer else web.json_response({"status": "accepted"})

    def bodies(self, event: str) -> list[dict[str, Any]]:
        return [entry["body"] for entry in self.heard if entry["body"]["event"] == event]


@dataclass
class Stand:
    """A sandbox, its driver, and who listens to it."""

    served: Served
    driver: Driver
    ear: Ear

    @property
    def world(self) -> World:
        return self.served.world

    async def settled(self, sent: Sent | Thread, event: str, **more: Any) -> dict[str, Any]:
        """Wait until a delivery of this event is done with."""
        found = await self.driver.deliveries(
            timeout=10, account=sent.account, conversation=sent.conversation, event=event, done=True, **more
        )
        return found[0]


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    ear = Ear()
    listening = web.Application()
    listening.router.add_post("/{path:.*}", ear.hear)
    runner = web.AppRunner(listening)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ear.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    world = seed.plant(World(), ear.url)
    sending = Sending(timeout=0.4, retry_wait=0.05, lag=0.005)
    made = app.create(world, sending=sending, carrier_delay=0.005)
    async with app.serve(made, world) as served, Driver(served.url) as driver:
        yield Stand(served, driver, ear)
    await runner.cleanup()


async def test_a_bots_webhook_is_signed_over_its_raw_body(stand: Stand) -> None:
    sent = await stand.driver.write(1, "whatsapp", "Olá <b>&</b> çé 😀")
    await stand.settled(sent, "message_created")
    entry = next(e for e in stand.ear.heard if e["body"]["event"] == "message_created")
    headers, secret = entry["headers"], seed.environ(stand.world)["CHATWOOT_1_SECRET"]
    signed = headers["X-Chatwoot-Timestamp"].encode() + b"." + entry["raw"]
    assert headers["X-Chatwoot-Signature"] == "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert abs(int(headers["X-Chatwoot-Timestamp"]) - time.time()) < 5
    assert headers["Content-Type"] == "application/json"
    assert "api_access_token" not in headers
    assert b"\\u003cb\\u003e" in entry["raw"]


async def test_the_accounts_webhook_brings_what_bots_are_not_told(stand: Stand) -> None:
    sent = await stand.driver.write(1, "webchat", "Oi")
    await stand.driver.type(sent)
    typing = await stand.settled(sent, "conversation_typing_on")
    assert typing["sender"] == "account"
    by_bot = {d["event"] for d in await stand.driver.deliveries(sender="agent_bot")}
    by_account = {d["event"] for d in await stand.driver.deliveries(sender="account")}
    assert by_bot == {"message_created", "conversation_updated"}
    assert by_account == {"contact_created", "conversation_created", "conversation_typing_on"}
    secret = seed.environ(stand.world)["CHATWOOT_1_WEBHOOK_SECRET"]
    entry = next(e for e in stand.ear.heard if e["body"]["event"] == "conversation_typing_on")
    signed = entry["headers"]["X-Chatwoot-Timestamp"].encode() + b"." + entry["raw"]
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert entry["headers"]["X-Chatwoot-Signature"] == f"sha256={mac}"


async def test_typing_is_not_seen_on_whatsapp(stand: Stand) -> None:
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    assert await stand.driver.type(sent) == {"seen": False}


def always(status: int, events: str = "message_created") -> Answer:
    async def answer(entry: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status if entry["body"]["event"] == events else 200)

    return answer


@pytest.mark.parametrize("status", [429, 500])
async def test_a_bot_is_tried_three_times_after_429_and_500(stand: Stand, status: int) -> None:
    stand.ear.answer = always(status)
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    state = await stand.driver.wait_for_status(sent, "open")
    assert [a["status"] for a in (await stand.settled(sent, "message_created"))["attempts"]] == [status] * 3
    tries = [e for e in stand.ear.heard if e["body"]["event"] == "message_created"]
    assert len({e["headers"]["X-Chatwoot-Delivery"] for e in tries}) == 1
    assert len({e["raw"] for e in tries}) == 1
    assert state["owner"]["assignee"] == "AgentBot"


@pytest.mark.parametrize("status", [400, 401, 404, 413, 502, 503, 504])
async def test_any_other_refusal_is_final_and_opens_the_conversation(stand: Stand, status: int) -> None:
    stand.ear.answer = always(status)
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    state = await stand.driver.wait_for_status(sent, "open")
    assert len((await stand.settled(sent, "message_created"))["attempts"]) == 1
    notice = await stand.driver.wait_for(sent, "message_created", after=0)
    assert notice["message"]["kind"] == "incoming"
    state = await stand.driver.state(sent)
    assert [m["text"] for m in state["messages"] if m["kind"] == "activity"] == [ERROR_NOTICE]


async def test_a_retry_that_succeeds_leaves_everything_as_it_was(stand: Stand) -> None:
    answers = iter([500, 429, 200])

    async def answer(entry: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=next(answers) if entry["body"]["event"] == "message_created" else 200)

    stand.ear.answer = answer
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    done = await stand.settled(sent, "message_created")
    assert [a["status"] for a in done["attempts"]] == [500, 429, 200]
    assert (await stand.driver.state(sent))["status"] == "pending"


async def test_who_answers_too_late_has_failed_and_is_not_tried_again(stand: Stand) -> None:
    release = asyncio.Event()

    async def answer(entry: dict[str, Any]) -> web.StreamResponse:
        if entry["body"]["event"] == "message_created":
            await release.wait()
        return web.Response()

    stand.ear.answer = answer
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    await stand.driver.wait_for_status(sent, "open")
    attempts = (await stand.settled(sent, "message_created"))["attempts"]
    assert len(attempts) == 1
    assert attempts[0]["status"] is None
    assert "Timeout" in attempts[0]["error"]
    release.set()


async def test_nobody_listening_opens_the_conversation_too(stand: Stand) -> None:
    for bot in stand.world.agent_bots.values():
        bot.outgoing_url = "http://127.0.0.1:9/nobody"
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    await stand.driver.wait_for_status(sent, "open")


async def test_an_account_may_keep_it_pending(stand: Stand) -> None:
    stand.world.accounts[1].keep_pending = True
    stand.ear.answer = always(503)
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    await stand.settled(sent, "message_created")
    assert (await stand.driver.state(sent))["status"] == "pending"


async def test_failing_conversation_events_cost_nothing(stand: Stand) -> None:
    stand.ear.answer = always(503, "conversation_updated")
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    await stand.settled(sent, "conversation_updated")
    assert (await stand.driver.state(sent))["status"] == "pending"


async def test_an_account_webhook_is_never_tried_again(stand: Stand) -> None:
    stand.ear.answer = always(500, "conversation_created")
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    done = await stand.settled(sent, "conversation_created")
    assert [a["status"] for a in done["attempts"]] == [500]
    assert (await stand.driver.state(sent))["status"] == "pending"


async def test_an_api_inbox_tells_everything_and_a_failure_marks_the_message(stand: Stand) -> None:
    inbox = await stand.driver.add_inbox(1, "api", webhook_url=f"{stand.ear.url}/bridge", bot=False)
    sent = await stand.driver.write(1, inbox["id"], "Oi")
    done = await stand.settled(sent, "message_created", sender="api_inbox")
    assert done["attempts"][0]["status"] == 200
    entry = next(e for e in stand.ear.heard if e["body"]["event"] == "message_created")
    signed = entry["headers"]["X-Chatwoot-Timestamp"].encode() + b"." + entry["raw"]
    mac = hmac.new(inbox["secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert entry["headers"]["X-Chatwoot-Signature"] == f"sha256={mac}"
    stand.ear.answer = always(500)
    again = await stand.driver.answer(sent, inbox["id"], "E aí?")
    await stand.driver.wait_for(again, "message_updated")
    assert (await stand.driver.state(again))["messages"][-1]["status"] == "failed"


async def test_own_replies_come_back_as_webhooks(stand: Stand) -> None:
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    token = seed.environ(stand.world)["CHATWOOT_1_BOT_TOKEN"]
    url = f"{stand.served.url}/api/v1/accounts/1/conversations/{sent.conversation}/messages"
    async with aiohttp.ClientSession(headers={"api_access_token": token}) as session:
        mark = {"content": "Olá", "content_attributes": {"chatwootai": {"turn": "t1", "part": 0}}}
        async with session.post(url, json=mark) as response:
            assert response.status == 200
    updates = [await stand.driver.wait_for(sent, "message_updated")]
    updates.append(await stand.driver.wait_for(sent, "message_updated", after=updates[0]["n"]))
    await stand.driver.deliveries(timeout=5, message=updates[1]["message"]["id"], event="message_updated", done=True)
    echo = next(b for b in stand.ear.bodies("message_created") if b["message_type"] == "outgoing")
    assert echo["sender"]["type"] == "agent_bot"
    assert echo["content_attributes"] == {"chatwootai": {"turn": "t1", "part": 0}}
    assert updates[0]["message"]["source_id"] is not None
    assert updates[1]["message"]["status"] == "delivered"
    assert any(
        entry == {"waiting_since": {"previous_value": entry["waiting_since"]["previous_value"], "current_value": None}}
        for body in stand.ear.bodies("conversation_updated")
        for entry in body["changed_attributes"] or []
        if "waiting_since" in entry
    )


async def test_a_webhook_can_be_sent_twice_and_again(stand: Stand) -> None:
    await stand.driver.send_twice(1)
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    done = await stand.settled(sent, "message_created")
    await stand.driver.deliver_again(done["n"])
    async with asyncio.timeout(5):
        while len(stand.ear.bodies("message_created")) < 3:
            await stand.driver.deliveries(after=done["n"], timeout=0.05)
    tries = [e for e in stand.ear.heard if e["body"]["event"] == "message_created"]
    assert len({e["headers"]["X-Chatwoot-Delivery"] for e in tries}) == 1


async def test_webhooks_can_be_shuffled(stand: Stand) -> None:
    stand.world.webhooks.clear()
    sent = await stand.driver.write(1, "whatsapp", "0")
    await stand.settled(sent, "conversation_updated")
    stand.ear.heard.clear()
    await stand.driver.shuffle(8)
    for number in range(1, 9):
        await stand.driver.answer(sent, "whatsapp", str(number))
    async with asyncio.timeout(5):
        while len(stand.ear.bodies("message_created")) < 8:
            await stand.driver.deliveries(timeout=0.05)
    assert {body["content"] for body in stand.ear.bodies("message_created")} == {str(n) for n in range(1, 9)}


async def test_waiting_for_nothing_says_so(stand: Stand) -> None:
    sent = await stand.driver.write(1, "whatsapp", "Oi")
    with pytest.raises(NothingHappened, match="no message_updated"):
        await stand.driver.wait_for(sent, "message_updated", within=0.1)

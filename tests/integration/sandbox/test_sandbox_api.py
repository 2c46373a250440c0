"""The REST API over HTTP: who may call what, what it stores, what it refuses, what trouble it makes on demand."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from sandbox.chatwoot import app
from sandbox.chatwoot.api.guard import BOT_ACTIONS
from sandbox.chatwoot.driver import Driver, Sent, Thread
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World

Reply = tuple[int, Any]


@dataclass
class Client:
    """A sandbox with nobody listening, its driver, and calls with any token."""

    url: str
    world: World
    driver: Driver
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, token: str = "bot", account: int = 1, **more: Any) -> Reply:
        tokens = {
            "bot": seed.environ(self.world)[f"CHATWOOT_{account}_BOT_TOKEN"],
            "admin": seed.environ(self.world)[f"CHATWOOT_{account}_USER_TOKEN"],
            "user": next(u.token for u in self.world.users_of(account) if u.role == "agent"),
        }
        headers = {"api_access_token": tokens.get(token, token)} if token else {}
        url = f"{self.url}/api/v1/accounts/{account}{path}"
        async with self.session.request(method, url, headers=headers, **more) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def post(self, thread: Sent | Thread, content: str, token: str = "bot", **more: Any) -> Reply:
        body = {"content": content} | more
        return await self.call("POST", f"/conversations/{thread.conversation}/messages", token, json=body)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with _client() as made:
        yield made


@asynccontextmanager
async def _client() -> AsyncIterator[Client]:
    world = seed.plant(World())
    made = app.create(world, carrier_delay=0.005)
    async with app.serve(made, world) as served, Driver(served.url) as driver, aiohttp.ClientSession() as session:
        yield Client(served.url, world, driver, session)


async def test_a_bot_may_call_its_eleven_actions_and_nothing_else(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    contact, inbox = sent.contact, sent.inbox
    one = f"/conversations/{sent.conversation}"
    allowed = [
        ("GET", one, None),
        ("PATCH", one, {"priority": "high"}),
        ("POST", f"{one}/toggle_typing_status", {"typing_status": "on"}),
        ("POST", f"{one}/toggle_priority", {"priority": "low"}),
        ("POST", f"{one}/custom_attributes", {"custom_attributes": {"a": 1}}),
        ("POST", f"{one}/messages", {"content": "Olá"}),
        ("POST", f"{one}/assignments", {"team_id": 1}),
        ("GET", f"{one}/labels", None),
        ("POST", f"{one}/labels", {"labels": ["entrega"]}),
        ("POST", "/conversations", {"inbox_id": inbox, "contact_id": contact}),
        ("POST", f"{one}/toggle_status", {"status": "open"}),
    ]
    assert len(allowed) == len(BOT_ACTIONS)
    for method, path, body in allowed:
        status, _ = await client.call(method, path, json=body)
        assert (method, path, status) == (method, path, 200)
    refused = ["GET /conversations", f"GET {one}/messages", f"POST {one}/mute", f"POST {one}/update_last_seen",
               "GET /contacts", f"GET /contacts/{contact}", "GET /inboxes", f"GET /inboxes/{inbox}", "GET /teams",
               "GET /labels", "GET /agents", "GET /agent_bots", "GET /webhooks", "GET ", f"PUT /contacts/{contact}",
               f"DELETE {one}/messages/1", f"POST /contacts/{contact}/notes"]  # fmt: skip
    for entry in refused:
        method, path = entry.split(" ")
        status, body = await client.call(method, path)
        assert (entry, status, body) == (entry, 401, {"error": "Access to this endpoint is not authorized for bots"})
    assert len(await client.driver.refusals(token="bot")) == len(refused)


async def test_tokens_count_only_where_they_belong(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    one = f"/conversations/{sent.conversation}"
    foreign = seed.environ(client.world)["CHATWOOT_2_BOT_TOKEN"]
    assert await client.call("GET", one, "nonsense") == (401, {"error": "Invalid Access Token"})
    assert await client.call("GET", one, "") == (401, {"error": "Invalid Access Token"})
    assert (await client.call("GET", one, foreign))[0] == 401
    assert (await client.call("GET", "/webhooks", "user"))[0] == 401
    assert (await client.call("GET", "/webhooks", "admin"))[0] == 200
    assert await client.call("GET", "/conversations/999") == (404, {"error": "Resource could not be found"})
    assert (await client.call("GET", "/conversations/x"))[0] == 404
    assert (await client.call("GET", "/nowhere", "admin"))[0] == 404


async def test_hyphens_in_the_tokens_header_do_too(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    token = seed.environ(client.world)["CHATWOOT_1_BOT_TOKEN"]
    url = f"{client.url}/api/v1/accounts/1/conversations/{sent.conversation}"
    async with client.session.get(url, headers={"Api-Access-Token": token}) as response:
        assert response.status == 200


async def test_a_message_is_stored_with_its_attributes_and_comes_back(client: Client) -> None:
    sent = await client.driver.write(1, "webchat", "Oi")
    mark = {"chatwootai": {"turn": "t1", "part": 0}, "in_reply_to": sent.message}
    status, made = await client.post(sent, "Olá **você**", echo_id="e1", content_attributes=json.dumps(mark))
    assert status == 200
    assert (made["message_type"], made["status"], made["echo_id"], made["source_id"]) == (1, "sent", "e1", None)
    assert made["content_attributes"] == mark
    status, listed = await client.call("GET", f"/conversations/{sent.conversation}/messages", "user")
    assert [m["id"] for m in listed["payload"]] == [sent.message, made["id"]]
    assert "echo_id" not in listed["payload"][1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"content": "x" * 150_001}, "too long"),
        ({"content": "x", "message_type": "incoming"}, "Api inboxes"),
        ({"content": "x", "message_type": "strange"}, "not a valid message_type"),
        ({"content": "x", "content_type": "strange"}, "not a valid content_type"),
        ({"content": "x", "content_attributes": "{"}, "Invalid JSON"),
    ],
)
async def test_what_cannot_be_stored_is_422(client: Client, body: dict[str, Any], words: str) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    status, answer = await client.call("POST", f"/conversations/{sent.conversation}/messages", json=body)
    assert status == 422
    assert words in answer["error"]


async def test_files_come_as_a_form_and_are_served(client: Client) -> None:
    sent = await client.driver.write(1, "webchat", "Oi")
    form = aiohttp.FormData({"content": "nota", "private": "false"})
    form.add_field("attachments[]", b"%PDF-", filename="nota.pdf", content_type="application/pdf")
    status, made = await client.call("POST", f"/conversations/{sent.conversation}/messages", data=form)
    assert status == 200
    [attachment] = made["attachments"]
    assert (attachment["file_type"], attachment["extension"], attachment["file_size"]) == ("file", "pdf", 5)
    async with client.session.get(attachment["data_url"], allow_redirects=False) as response:
        assert response.status == 302
    async with client.session.get(attachment["data_url"]) as response:
        assert await response.read() == b"%PDF-"
        assert response.headers["Content-Disposition"] == "attachment"


async def test_a_bots_handoff_answers_null_and_lets_go(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    path = f"/conversations/{sent.conversation}/toggle_status"
    status, body = await client.call("POST", path, json={"status": "open"})
    assert (status, body["meta"]) == (200, {})
    assert body["payload"] == {
        "success": None,
        "conversation_id": sent.conversation,
        "current_status": "open",
        "snoozed_until": None,
    }
    _, shown = await client.call("GET", f"/conversations/{sent.conversation}")
    assert "assignee_type" not in shown["meta"]
    assert shown["waiting_since"] > 0
    _, body = await client.call("POST", path, json={"status": "resolved"})
    assert (body["payload"]["success"], body["payload"]["current_status"]) == (True, "resolved")
    assert (await client.call("POST", path, json={"status": "gone"}))[0] == 422


async def test_an_agent_who_opens_takes_it_and_an_administrator_does_not(client: Client) -> None:
    for token, kind in (("user", "User"), ("admin", None)):
        sent = await client.driver.write(1, "whatsapp", "Oi")
        await client.call("POST", f"/conversations/{sent.conversation}/toggle_status", token, json={"status": "open"})
        assert (await client.driver.state(sent))["owner"]["assignee"] == kind


async def test_labels_and_custom_attributes_are_replaced_whole(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    one = f"/conversations/{sent.conversation}"
    await client.call("POST", f"{one}/labels", json={"labels": ["a", "b"]})
    assert await client.call("POST", f"{one}/labels", json={"labels": ["c"]}) == (200, {"payload": ["c"]})
    await client.call("POST", f"{one}/custom_attributes", json={"custom_attributes": {"a": 1}})
    _, body = await client.call("POST", f"{one}/custom_attributes", json={"custom_attributes": {"b": 2}})
    assert body == {"custom_attributes": {"b": 2}}
    long = {"custom_attributes": {"a": "x" * 1501}}
    assert (await client.call("POST", f"{one}/custom_attributes", json=long))[0] == 422


async def test_assigning_leaves_the_status_alone(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    user = next(u for u in client.world.users_of(1) if u.role == "agent")
    path = f"/conversations/{sent.conversation}/assignments"
    _, body = await client.call("POST", path, json={"assignee_id": user.id, "team_id": 1})
    assert body["name"] == user.name
    _, shown = await client.call("GET", f"/conversations/{sent.conversation}")
    assert (shown["status"], shown["meta"]["assignee_type"], "team" in shown["meta"]) == ("pending", "User", False)
    _, body = await client.call("POST", path, json={"assignee_id": 7, "assignee_type": "AgentBot"})
    assert body["bot_type"] == "webhook"
    _, body = await client.call("POST", path, json={"assignee_id": None})
    assert body is None


async def test_messages_are_listed_by_before_after_and_both(client: Client) -> None:
    sent = await client.driver.write(1, "webchat", "0")
    later = [await client.driver.answer(sent, "webchat", str(number)) for number in range(1, 130)]
    ids = [sent.message, *(answer.message for answer in later)]
    await client.driver.note(sent, "nota")

    async def listed(query: str) -> list[int]:
        _, body = await client.call("GET", f"/conversations/{sent.conversation}/messages?{query}", "user")
        return [m["id"] for m in body["payload"] if m["content"] != "nota"]

    assert await listed("filter_internal_messages=1") == ids[-20:]
    assert await listed(f"before={ids[40]}") == ids[20:40]
    assert await listed(f"after={ids[9]}") == ids[10:110]
    assert await listed(f"after={ids[9]}&before={ids[125]}") == ids[9:125]


async def test_a_sweep_finds_pending_conversations_of_an_inbox(client: Client) -> None:
    first = await client.driver.write(1, "whatsapp", "Oi")
    await client.driver.write(1, "webchat", "Oi")
    done = await client.driver.write(1, "whatsapp", "Oi")
    await client.driver.resolve(done)
    _, body = await client.call("GET", f"/conversations?status=pending&inbox_id={first.inbox}", "user")
    assert [c["id"] for c in body["data"]["payload"]] == [first.conversation]
    assert body["data"]["meta"]["all_count"] == 1
    _, body = await client.call("GET", "/conversations?status=all", "user")
    assert body["data"]["meta"]["all_count"] == 3


async def test_contacts_merge_their_attributes(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi", contact={"name": "Ana"})
    path = f"/contacts/{sent.contact}"
    await client.call("PUT", path, "user", json={"custom_attributes": {"a": 1}})
    _, body = await client.call("PUT", path, "user", json={"custom_attributes": {"b": 2}, "email": "ana@example.com"})
    assert (body["payload"]["custom_attributes"], body["payload"]["name"]) == ({"a": 1, "b": 2}, "Ana")
    _, body = await client.call("GET", "/contacts/search?q=ana@", "user")
    assert [c["id"] for c in body["payload"]] == [sent.contact]


async def test_an_administrator_sets_bots_and_webhooks_up(client: Client) -> None:
    status, bot = await client.call(
        "POST", "/agent_bots", "admin", json={"name": "B", "outgoing_url": "http://a.test/"}
    )
    assert status == 200
    assert len(bot["secret"]) == len(bot["access_token"]) == 24
    assert (await client.call("POST", "/agent_bots", "user", json={"name": "B"}))[0] == 401
    _, seen = await client.call("GET", f"/agent_bots/{bot['id']}", "user")
    assert "secret" not in seen
    assert (await client.call("POST", "/inboxes/11/set_agent_bot", "admin", json={"agent_bot": bot["id"]}))[0] == 200
    _, bound = await client.call("GET", "/inboxes/11/agent_bot", "admin")
    assert bound["agent_bot"]["id"] == bot["id"]
    _, renewed = await client.call("POST", f"/agent_bots/{bot['id']}/reset_secret", "admin")
    assert renewed["secret"] != bot["secret"]
    hook = {"webhook": {"url": "http://a.test/hook", "subscriptions": ["message_created"]}}
    _, made = await client.call("POST", "/webhooks", "admin", json=hook)
    assert len(made["payload"]["webhook"]["secret"]) == 24
    assert (await client.call("POST", "/webhooks", "admin", json=hook))[0] == 422
    strange = {"url": "http://b.test/", "subscriptions": ["strange"]}
    assert (await client.call("POST", "/webhooks", "admin", json=strange))[0] == 422
    assert (await client.call("DELETE", f"/webhooks/{made['payload']['webhook']['id']}", "admin"))[0] == 200


@pytest.mark.parametrize(
    ("channel", "limit"),
    [("whatsapp", 4096), ("twilio_whatsapp", 1600), ("instagram", 1000), ("sms", 320), ("telegram", 4096)],
)
async def test_what_is_too_long_for_its_channel_is_stored_and_then_fails(
    client: Client, channel: str, limit: int
) -> None:
    sent = await client.driver.write(1, channel, "Oi")
    assert (await client.post(sent, "x" * limit))[0] == 200
    assert (await client.post(sent, "x" * (limit + 1)))[0] == 200
    await client.driver.ask("GET", "/events", timeout=5, name="message_updated", conversation=sent.conversation)
    at = 0
    while True:
        event = await client.driver.wait_for(sent, "message_updated", after=at)
        at = event["n"]
        if event["message"]["status"] == "failed":
            break
    assert f"{limit + 1} characters" in event["message"]["error"]
    statuses = [m["status"] for m in await client.driver.replies(sent)]
    assert statuses[1] == "failed"
    assert statuses[0] != "failed"


async def test_outside_the_window_only_templates_arrive(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    await client.driver.close_window(sent)
    assert (await client.call("GET", f"/conversations/{sent.conversation}"))[1]["can_reply"] is False
    await client.post(sent, "Olá")
    failed = await client.driver.wait_for(sent, "message_updated")
    assert "24-hour" in failed["message"]["error"]
    await client.post(sent, "Enviado", template_params={"name": "order_shipped"})
    assert (await client.driver.wait_for(sent, "message_updated", after=failed["n"]))["message"]["source_id"]


async def test_a_source_id_keeps_a_message_from_its_customer(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    await client.post(sent, "importada", source_id="x1")
    await client.post(sent, "normal")
    delivered = await client.driver.wait_for(sent, "message_updated")
    assert delivered["message"]["text"] == "normal"


async def test_faults_strike_as_often_as_asked_and_are_no_refusals(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    await client.driver.fault("status", status=500)
    await client.driver.fault("status", status=401)
    token = seed.environ(client.world)["CHATWOOT_1_BOT_TOKEN"]
    url = f"{client.url}/api/v1/accounts/1/conversations/{sent.conversation}/messages"
    await client.driver.fault("status", status=429, retry_after=2)
    statuses = []
    for _ in range(4):
        async with client.session.post(url, json={"content": "x"}, headers={"api_access_token": token}) as response:
            statuses.append((response.status, response.headers.get("Retry-After")))
    assert statuses == [(500, None), (401, None), (429, "2"), (200, None)]
    assert len(await client.driver.replies(sent)) == 1
    assert await client.driver.refusals() == []
    assert [c["fault"] for c in await client.driver.calls(action="messages#create")] == ["status"] * 3 + [None]


async def test_a_cut_line_and_a_late_answer_have_stored_what_came(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    await client.driver.fault("cut")
    with pytest.raises(aiohttp.ClientError):
        await client.post(sent, "cortada")
    await client.driver.fault("hang", seconds=0.5)
    with pytest.raises(TimeoutError):
        await client.call(
            "POST", f"/conversations/{sent.conversation}/messages", json={"content": "tarde"},
            timeout=aiohttp.ClientTimeout(total=0.1),
        )  # fmt: skip
    assert [m["text"] for m in await client.driver.replies(sent)] == ["cortada", "tarde"]


async def test_a_share_of_calls_fails_by_the_seed(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    await client.driver.fault("status", status=503, times=None, share=0.5)
    statuses = [(await client.post(sent, str(n)))[0] for n in range(40)]
    assert 8 < statuses.count(503) < 32
    assert await client.driver.clear_faults() == {"1": statuses.count(503)}
    assert (await client.post(sent, "x"))[0] == 200


async def test_the_driver_api_takes_only_json_and_says_what_is_wrong(client: Client) -> None:
    url = f"{client.url}/sandbox/api/messages"
    async with client.session.post(url, data='{"account": 1}', headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 400
        assert "application/json" in (await response.json())["error"]
    for body, words in (
        ({"account": 1, "inbox": "fax", "text": "x"}, "no such inbox"),
        ({"account": 1, "inbox": "sms"}, "text or attachments"),
        ({"account": 9, "inbox": "sms", "text": "x"}, "no such account"),
        ({"account": 1, "inbox": "sms", "text": "x", "colour": 1}, "unknown: colour"),
    ):
        async with client.session.post(url, json=body) as response:
            assert response.status in (400, 404)
            assert words in (await response.json())["error"]


async def test_a_lone_surrogate_does_no_harm(client: Client) -> None:
    sent = await client.driver.ask("POST", "/messages", {"account": 1, "inbox": "whatsapp", "text": "a\ud800b"})
    state = await client.driver.state(Thread(1, sent["conversation"]))
    assert state["messages"][0]["text"] == "a?b"


async def test_customers_edit_delete_and_answer_forms(client: Client) -> None:
    sent = await client.driver.write(1, "telegram", "Oi")
    assert (await client.driver.edit(sent, "Olá"))["text"] == "Olá"
    gone = await client.driver.delete(sent)
    assert (gone["text"], gone["content_attributes"]["deleted"]) == ("This message was deleted", True)
    web = await client.driver.write(1, "webchat", "Oi")
    _, made = await client.post(web, "Escolha", content_type="input_select", content_attributes={"items": []})
    answered = await client.driver.submit(web, made["id"], [{"title": "A", "value": "a"}])
    assert answered["content_attributes"]["submitted_values"] == [{"title": "A", "value": "a"}]


async def test_native_app_replies_have_no_sender(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    echo = await client.driver.echo(sent, "respondi pelo celular")
    assert echo["content_attributes"] == {"external_echo": True}
    assert echo["source_id"]
    _, listed = await client.call("GET", f"/conversations/{sent.conversation}/messages", "user")
    assert "sender" not in listed["payload"][-1]


async def test_an_account_can_be_added_and_connected(client: Client) -> None:
    made = await client.driver.add_account("Nova", "http://127.0.0.1:9/x", ["whatsapp", "sms"])
    sent = await client.driver.write(made["id"], "sms", "Oi")
    status, _ = await client.call("GET", f"/conversations/{sent.conversation}", made["bot_token"])
    assert status == 401
    url = f"{client.url}/api/v1/accounts/{made['id']}/conversations/{sent.conversation}"
    async with client.session.get(url, headers={"api_access_token": made["bot_token"]}) as response:
        assert response.status == 200


async def test_latency_is_drawn_when_asked_for(client: Client) -> None:
    sent = await client.driver.write(1, "whatsapp", "Oi")
    await client.driver.latency(median_ms=40, sigma=0.1)
    await client.post(sent, "x")
    [call] = await client.driver.calls(action="messages#create")
    assert call["seconds"] > 0.02

"""A message through an installation, its Chatwoot and its door in this process: each step, and what keeps it."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatwootai.model.message.delivery import Delivery
from config.snapshot import Account, Installation, Secret
from ingress.payload import RequestInfo, parse
from ops.access import ChatwootRefused, CommandError, NotFound
from ops.trial.trigger import Trigger
from tests.builders import account
from tests.door import snapshot

PLACE = "/api/v1/accounts/1"
DOOR = "/webhooks/chatwoot/1"
REPLY = {"message_type": 1, "content": "Sim."}


@dataclass
class Chatwoot:
    """A Chatwoot and a door on one port. `inboxes`: kinds by number; `messages`: what the conversation has, by look.

    `refuses`: statuses by method and path; `door`: status and answer of the door.
    """

    inboxes: dict[int, str] = field(default_factory=lambda: {3: "Channel::Whatsapp", 5: "Channel::Api"})
    messages: list[list[dict[str, Any]]] = field(default_factory=lambda: [[REPLY]])
    refuses: dict[str, int] = field(default_factory=dict)
    door: tuple[int, object] = (200, {"status": "accepted"})
    bots: list[dict[str, Any]] = field(default_factory=list)
    thread: object = field(default_factory=lambda: {"id": 40, "status": "pending"})
    calls: list[str] = field(default_factory=list)
    bodies: dict[str, Any] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    delivered: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if request.path == DOOR:
            self.delivered.append((raw, dict(request.headers)))
            status, said = self.door
            return web.Response(status=status, body=orjson.dumps(said), content_type="application/json")
        call = f"{request.method} {request.path.removeprefix(PLACE) or '/'}"
        self.calls.append(call)
        self.tokens.add(request.headers.get("api_access_token", ""))
        if raw:
            self.bodies[call] = orjson.loads(raw)
        if refused := self.refuses.get(call):
            return web.json_response({"error": "You are not authorized"}, status=refused)
        return web.json_response(self._found(call))

    def _found(self, call: str) -> object:
        if call == "GET /conversations/40/messages":
            return {"payload": self.messages.pop(0) if len(self.messages) > 1 else self.messages[0]}
        listed = [{"id": number, "name": f"n{number}", "channel_type": kind} for number, kind in self.inboxes.items()]
        return {
            "GET /": {"id": 1, "name": "Acme"},
            "GET /agent_bots": self.bots,
            "GET /webhooks": {"payload": {"webhooks": []}},
            "GET /inboxes": {"payload": listed},
            "POST /contacts": {"payload": {"contact": {"id": 9}, "contact_inbox": {"source_id": "src"}}},
            "POST /conversations": self.thread,
            "GET /conversations/40": {"id": 40, "status": "open"},
        }.get(call, {})

    def account(self, **changes: Any) -> Account:
        usual: dict[str, Any] = {
            "installation": Installation("default", self.url),
            "webhook_secrets": (Secret("shared"),),
            "user_token": Secret("ours"),
        }
        return account(**(usual | changes))


@asynccontextmanager
async def serving(**changes: Any) -> AsyncIterator[Chatwoot]:
    chatwoot = Chatwoot(**changes)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", chatwoot.answer)
    async with TestServer(app) as server:
        chatwoot.url = str(server.make_url("")).rstrip("/")
        yield chatwoot


@asynccontextmanager
async def trial(
    chatwoot: Chatwoot, own: Account | None = None, **changes: Any
) -> AsyncIterator[tuple[Trigger, list[str]]]:
    told: list[str] = []
    one = own or chatwoot.account()
    async with aiohttp.ClientSession() as session:
        usual: dict[str, Any] = {"text": "Oi?", "ours": chatwoot.url, "within": 5.0}
        yield Trigger(session, one, snapshot(one), tell=told.append, **(usual | changes)), told


async def run(chatwoot: Chatwoot, own: Account | None = None, *, token: str | None = None, **changes: Any) -> Any:
    async with trial(chatwoot, own, **changes) as (trigger, _):
        return await trigger.run(token)


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.trial.trigger._EVERY", 0.001)


async def test_a_message_is_delivered_answered_and_its_conversation_resolved() -> None:
    async with serving() as chatwoot:
        async with trial(chatwoot) as (trigger, told):
            found = await trigger.run(None)
        assert (found["conversation"], found["replies"], found["status"]) == ("1:40", ["Sim."], "open")
        assert found["address"] == f"{chatwoot.url}{DOOR}"
        assert found["seconds"] >= 0
        assert chatwoot.calls[-1] == "POST /conversations/40/toggle_status"
        assert chatwoot.bodies[chatwoot.calls[-1]] == {"status": "resolved"}
        steps = [line.partition(" s  ")[2] for line in told]
        assert steps == [
            "conversation 1:40 made in inbox 5 `n5`",
            f"delivered to {chatwoot.url}{DOOR}: accepted",
            "replied; the conversation is open",
        ]


async def test_the_delivery_is_signed_and_read_as_a_contacts_message() -> None:
    async with serving() as chatwoot:
        await run(chatwoot, text="Quais as formas de pagamento?")
        ((body, headers),) = chatwoot.delivered
        signed = headers["X-Chatwoot-Timestamp"].encode() + b"." + body
        mac = hmac.new(b"shared", signed, hashlib.sha256).hexdigest()
        assert headers["X-Chatwoot-Signature"] == f"sha256={mac}"
        delivery = parse(body, RequestInfo("1", 1, time.time()))
        assert isinstance(delivery, Delivery)
        assert (delivery.account, delivery.conversation, delivery.inbox) == ("1", 40, 5)
        assert (delivery.message.text, delivery.contact.id) == ("Quais as formas de pagamento?", 9)


async def test_where_nothing_is_signed_no_signature_is_sent() -> None:
    async with serving() as chatwoot:
        await run(chatwoot, chatwoot.account(webhook_secrets=()))
        assert "X-Chatwoot-Signature" not in chatwoot.delivered[0][1]


@pytest.mark.parametrize(("user", "expected"), [("ours", "ours"), (None, "admin")])
async def test_the_accounts_user_token_goes_before_the_administrators(user: str | None, expected: str) -> None:
    async with serving() as chatwoot:
        await run(chatwoot, chatwoot.account(user_token=Secret(user) if user else None), token="admin")
        assert chatwoot.tokens == {expected}


@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_token_nothing_is_asked(token: str | None) -> None:
    async with serving() as chatwoot:
        with pytest.raises(CommandError, match="a user_token is needed, or CHATWOOT_ADMIN_TOKEN"):
            await run(chatwoot, chatwoot.account(user_token=None), token=token)
        assert chatwoot.calls == []


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        ({3: "Channel::Whatsapp", 5: "Channel::Email", 6: "Channel::WebWidget", 7: "Channel::Api"}, 7),
        ({3: "Channel::Email", 6: "Channel::WebWidget"}, 6),
        ({3: "Channel::Email", 4: "Channel::Email"}, 3),
    ],
)
async def test_the_best_suited_inbox_is_taken(kinds: dict[int, str], chosen: int) -> None:
    async with serving(inboxes=kinds) as chatwoot:
        await run(chatwoot)
        assert chatwoot.bodies["POST /contacts"]["inbox_id"] == chosen
        made = chatwoot.bodies["POST /conversations"]
        assert made == {"inbox_id": chosen, "contact_id": 9, "source_id": "src", "status": "pending"}


async def test_a_named_inbox_is_taken_whatever_its_kind() -> None:
    async with serving() as chatwoot:
        await run(chatwoot, inbox=3)
        assert chatwoot.bodies["POST /conversations"]["inbox_id"] == 3


async def test_an_inbox_that_there_is_not_is_answered_with_those_there_are() -> None:
    async with serving() as chatwoot:
        with pytest.raises(NotFound, match="there is no inbox 4; there are: 3, 5"):
            await run(chatwoot, inbox=4)
        assert "POST /contacts" not in chatwoot.calls


async def test_where_no_inbox_is_suited_one_must_be_named() -> None:
    async with serving(inboxes={3: "Channel::Whatsapp"}) as chatwoot:
        with pytest.raises(CommandError, match="name one with --inbox"):
            await run(chatwoot)


async def test_a_teammates_token_will_do_where_our_address_is_named() -> None:
    async with serving(refuses={"GET /agent_bots": 401}) as chatwoot:
        assert (await run(chatwoot))["replies"] == ["Sim."]


async def test_without_an_address_nothing_is_made_in_chatwoot() -> None:
    async with serving() as chatwoot:
        with pytest.raises(CommandError, match="our public address is not known"):
            await run(chatwoot, ours=None)
        assert not any(call.startswith("POST") for call in chatwoot.calls)


async def test_unasked_it_delivers_where_chatwoot_does() -> None:
    async with serving() as chatwoot:
        chatwoot.bots.append({"id": 1, "name": "b", "outgoing_url": f"{chatwoot.url}{DOOR}"})
        assert (await run(chatwoot, ours=None))["address"] == f"{chatwoot.url}{DOOR}"


@pytest.mark.parametrize("thread", [{}, {"id": "40"}, [], {"id": None}])
async def test_a_conversation_without_a_number_is_none(thread: object) -> None:
    async with serving(thread=thread) as chatwoot:
        with pytest.raises(ChatwootRefused, match="Chatwoot made no conversation"):
            await run(chatwoot)
        assert chatwoot.delivered == []


@pytest.mark.parametrize("call", ["POST /contacts", "POST /conversations", "GET /conversations/40/messages"])
async def test_a_call_that_chatwoot_refuses_is_told(call: str) -> None:
    async with serving(refuses={call: 403}) as chatwoot:
        with pytest.raises(ChatwootRefused, match=r"HTTP 403"):
            await run(chatwoot)


@pytest.mark.parametrize(
    ("door", "words"),
    [
        ((200, {"status": "ignored", "reason": "paused"}), "answers 200 paused"),
        ((200, {"status": "duplicate"}), "answers 200 duplicate"),
        ((401, {"error": "signature"}), "answers 401 signature"),
        ((429, {}), "answers 429 "),
        ((200, []), "somebody else answers: 200"),
    ],
)
async def test_a_door_that_does_not_take_it_is_told_and_the_conversation_resolved(
    door: tuple[int, object], words: str
) -> None:
    async with serving(door=door) as chatwoot:
        with pytest.raises(CommandError, match=words):
            await run(chatwoot)
        assert chatwoot.calls[-1] == "POST /conversations/40/toggle_status"


async def test_where_nobody_answers_at_our_address_it_is_told() -> None:
    async with serving() as chatwoot:
        with pytest.raises(CommandError, match="nobody answers"):
            await run(chatwoot, ours="http://127.0.0.1:1")


async def test_what_is_no_reply_is_waited_past() -> None:
    early = [
        [],
        [{"message_type": 0, "content": "Oi?"}],
        [{"message_type": 1, "content": "a note", "private": True}, {"message_type": 2, "content": "assigned"}],
        [{"message_type": 3, "content": "Hello, we are here"}, "garbage"],
        [{"message_type": "outgoing", "content": "Sim."}, {"message_type": 1, "content": None}],
    ]
    async with serving(messages=early) as chatwoot:
        assert (await run(chatwoot))["replies"] == ["Sim.", ""]


async def test_without_a_reply_in_time_it_says_where_to_look() -> None:
    async with serving(messages=[[]]) as chatwoot:
        with pytest.raises(CommandError, match=r"no reply within 0.02 s: `chatwootai jobs show 1:40`"):
            await run(chatwoot, within=0.02)
        assert chatwoot.calls[-1] == "POST /conversations/40/toggle_status"


@pytest.mark.parametrize(
    "outcome", [lambda found: found["replies"] == ["Sim."], pytest.param(None, id="also where the trial fails")]
)
async def test_a_conversation_that_cannot_be_resolved_changes_no_end(
    outcome: Callable[[Any], bool] | None,
) -> None:
    call = "POST /conversations/40/toggle_status"
    async with serving(refuses={call: 403}, messages=[[REPLY] if outcome else []]) as chatwoot:
        async with trial(chatwoot, within=0.02 if outcome is None else 5.0) as (trigger, told):
            ended: Awaitable[Any] = trigger.run(None)
            if outcome is None:
                with pytest.raises(CommandError, match="no reply"):
                    await ended
            else:
                assert outcome(await ended)
        assert "the conversation stays open" in told[-1]


async def test_two_trials_make_two_contacts() -> None:
    async with serving() as chatwoot:
        mails = set()
        for _ in range(2):
            await run(chatwoot)
            mails.add(chatwoot.bodies["POST /contacts"]["email"])
        assert len(mails) == 2
        assert all(mail.endswith("@chatwootai.invalid") for mail in mails)

"""Every call of the client against Chatwoot's own description of its API: path, method, body, parameters, token."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.data import FOLDER
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.operations import OPERATIONS, Operation, Owner
from workers.chatwoot.records import Mark

API = FOLDER / "chatwoot_api.json"
ROOT = "/api/v1/accounts/{account_id}"
TOKENS = {"the-bot": "agentBotApiKey", "the-user": "userApiKey"}
# Chatwoot allows these to bots since 4.14.2 (labels, conversation) and 4.2.0 (attributes); its description lags behind.
BOT_TOO = {("get", "/conversations/{conversation_id}"), ("get", "/conversations/{conversation_id}/labels"),
           ("post", "/conversations/{conversation_id}/labels"),
           ("post", "/conversations/{conversation_id}/custom_attributes")}  # fmt: skip
ALLOWED_TO_BOTS = {"create_message", "conversation", "typing", "status", "priority", "labels", "set_labels", "assign",
                   "custom_attributes"}  # fmt: skip
# Said by Chatwoot's source and not by its description.
BEYOND = {("post", "/conversations/{conversation_id}/toggle_priority"): {"priority": [None]},
          ("post", "/conversations/{conversation_id}/assignments"): {"assignee_id": [None]}}  # fmt: skip


@pytest.fixture(scope="module")
def swagger() -> Mapping[str, Any]:
    return json.loads(API.read_text(encoding="utf-8"))


class Described:
    """A server that answers only what the description knows, and keeps what was wrong."""

    def __init__(self, swagger: Mapping[str, Any]) -> None:
        self.swagger = swagger
        self.seen: list[tuple[str, str]] = []
        self.wrong: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        method, path = request.method.lower(), self._template(request.path)
        described = self.swagger["paths"].get(ROOT + path, {}).get(method)
        if described is None:
            self.wrong.append(f"{method} {path} is not described")
            return web.json_response({})
        self.seen.append((method, path))
        self._token(request, described, (method, path))
        self._query(request, described)
        if request.can_read_body:
            self._body(await request.json(), described, (method, path))
        elif described.get("requestBody", {}).get("required"):
            self.wrong.append(f"{method} {path} has no body")
        return web.json_response({"id": 25, "payload": [], "data": {"payload": []}})

    def _template(self, path: str) -> str:
        assert path.startswith("/api/v1/accounts/1/")
        return path.removeprefix("/api/v1/accounts/1").replace("/25", "/{conversation_id}")

    def _token(self, request: web.Request, described: Mapping[str, Any], at: tuple[str, str]) -> None:
        schemes = {name for scheme in described["security"] for name in scheme}
        used = TOKENS[request.headers["api_access_token"]]
        if used not in schemes and not (used == "agentBotApiKey" and at in BOT_TOO):
            self.wrong.append(f"{at}: {used} is not among {schemes}")

    def _query(self, request: web.Request, described: Mapping[str, Any]) -> None:
        known = {parameter.get("name") for parameter in described.get("parameters", [])}
        self.wrong += [f"{request.path}: unknown parameter {name}" for name in request.query if name not in known]

    def _body(self, body: Any, described: Mapping[str, Any], at: tuple[str, str]) -> None:
        schema = self._resolved(described["requestBody"]["content"]["application/json"]["schema"])
        self.wrong += [f"{at}: {name} is required" for name in schema.get("required", []) if name not in body]
        for name, value in body.items():
            kind = self._resolved(schema["properties"].get(name))
            if kind is None:
                self.wrong.append(f"{at}: {name} is not described")
            elif value not in BEYOND.get(at, {}).get(name, []) and not _fits(value, kind):
                self.wrong.append(f"{at}: {name}={value!r} is not {kind}")

    def _resolved(self, schema: Any) -> Any:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self.swagger["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    kinds = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "object": dict, "array": list}
    kind = schema.get("type")
    return isinstance(value, kinds[kind]) and value in schema.get("enum", [value])


@pytest.fixture
async def described(swagger: Mapping[str, Any]) -> AsyncIterator[tuple[Chatwoot, Described]]:
    server = Described(swagger)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}"
        yield Chatwoot(session, url=url, account=1, bot_token="the-bot", user_token="the-user"), server
    await runner.cleanup()


CALLS: dict[str, Callable[[Chatwoot], Awaitable[Any]]] = {
    "create_message": lambda to: to.create_message(25, "hi", mark=Mark("t", 0), content_attributes={"in_reply_to": 3}),
    "note": lambda to: to.note(25, "look"),
    "typing": lambda to: to.typing(25, on=True),
    "status": lambda to: to.set_status(25, "open"),
    "snooze": lambda to: to.set_status(25, "snoozed", snoozed_until=1795183401),
    "priority": lambda to: to.set_priority(25, "high"),
    "no priority": lambda to: to.set_priority(25, None),
    "labels": lambda to: to.labels(25),
    "set_labels": lambda to: to.set_labels(25, ["billing"]),
    "add_labels": lambda to: to.add_labels(25, ["billing"]),
    "assign_team": lambda to: to.assign_team(25, 3),
    "assign_teammate": lambda to: to.assign_teammate(25, 3),
    "assign_nobody": lambda to: to.assign_teammate(25, None),
    "conversation": lambda to: to.conversation(25),
    "custom_attributes": lambda to: to.set_custom_attributes(25, {"order": "8812"}),
    "messages": lambda to: to.messages(25, after=3, before=9),
    "conversations": lambda to: to.conversations(status="pending", inbox=3, page=2),
    "find_mark": lambda to: to.find_mark(25, "t", 0),
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_is_as_chatwoot_describes_it(described, name):
    client, server = described
    await CALLS[name](client)
    assert server.seen
    assert server.wrong == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_described_and_a_bots_is_allowed_to_bots(swagger, operation: Operation):
    path = ROOT + operation.path.replace("{conversation}", "{conversation_id}")
    assert operation.method.lower() in swagger["paths"][path]
    assert (operation.owner is Owner.BOT) == (operation.name in ALLOWED_TO_BOTS)
    assert operation.repeatable == (operation.name != "create_message")

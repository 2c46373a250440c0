"""Checks around every API route: the caller, their rights, the record of the call, the faults it meets."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sandbox.chatwoot.app_context import APP_CONTEXT, AppContext
from sandbox.chatwoot.faults import Fault
from sandbox.chatwoot.pages import PAGES
from sandbox.chatwoot.world.records import AgentBot, Conversation, Json, User
from sandbox.chatwoot.world.world import NotFound, World
from sandbox.chatwoot.world.writing import Refused

# Everything an agent bot's token may call; anything else is refused.
BOT_ACTIONS: Final = frozenset(
    [
        "conversations#show",
        "conversations#toggle_status",
        "conversations#toggle_typing_status",
        "conversations#toggle_priority",
        "conversations#create",
        "conversations#update",
        "conversations#custom_attributes",
        "messages#create",
        "assignments#create",
        "labels#index",
        "labels#create",
    ]
)
NOT_FOR_BOTS: Final = "Access to this endpoint is not authorized for bots"


class Denied(Exception):
    """401, with these words."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Owner of the token that came. `kind` is "bot", "user" or "admin"."""

    kind: str
    id: int
    name: str

    @property
    def sender(self) -> tuple[str, int]:
        """Return the caller as the author of a message."""
        return ("AgentBot" if self.kind == "bot" else "User", self.id)


@dataclass(slots=True)
class Call:
    """One authorised request."""

    request: web.Request
    app_context: AppContext
    caller: Caller
    account_id: int

    @property
    def world(self) -> World:
        """Return the records."""
        return self.app_context.world

    def number(self, name: str = "id") -> int:
        """Return a numeric part of the path; anything else is found nowhere."""
        text = self.request.match_info[name]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise NotFound
        return int(text)

    def thread(self) -> Conversation:
        """Return the conversation that the path names."""
        return self.world.conversation(self.account_id, self.number("conversation"))

    async def body(self) -> Json:
        """Return the request's JSON object; form fields where it is a form; {} where it is empty."""
        if self.request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
            return dict(await self.request.post())
        raw = await self.request.read()
        try:
            body = json.loads(raw) if raw.strip() else {}
        except ValueError as error:
            raise web.HTTPBadRequest(text='{"error":"Invalid JSON"}', content_type="application/json") from error
        return body if isinstance(body, dict) else {}


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


def route(method: str, path: str, action: str, handler: Handler, *, admin: bool = False) -> web.RouteDef:
    """Make a route under an account. `action` is Chatwoot's "controller#action"; `admin` asks for an administrator."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        return await _Guard(request, action, admin=admin).run(handler)

    return web.route(method, f"/api/v1/accounts/{{account}}{path}", guarded)


class _Guard:
    def __init__(self, request: web.Request, action: str, *, admin: bool) -> None:
        self.request = request
        self.app_context = request.app[APP_CONTEXT]
        self.action = action
        self.admin = admin
        self.began = time.monotonic()
        self.caller: Caller | None = None
        self.account = _number(request.match_info.get("account"))
        self.conversation = _number(request.match_info.get("conversation"))
        self.fault: Fault | None = None

    async def run(self, handler: Handler) -> web.StreamResponse:
        self.caller = identify(self.app_context.world, self.request.headers)
        token = "" if self.caller is None else "bot" if self.caller.kind == "bot" else "user"
        self.fault = self.app_context.faults.strike(self.action, self.account, self.conversation, token)
        if self.fault and self.fault.kind in ("status", "page"):
            return self._write_record(_trouble(self.fault))
        response = await self._answer(handler)
        await self.app_context.faults.linger()
        if self.fault and self.fault.kind == "hang":
            await asyncio.sleep(self.fault.seconds)
        if self.fault and self.fault.kind == "cut" and self.request.transport:
            self.request.transport.abort()
        return self._write_record(response)

    async def _answer(self, handler: Handler) -> web.StreamResponse:
        try:
            self._authorise()
            assert self.caller is not None  # noqa: S101 - _authorise has raised otherwise
            return await handler(Call(self.request, self.app_context, self.caller, self.account or 0))
        except Denied as error:
            return refuse(401, str(error))
        except NotFound:
            return refuse(404, "Resource could not be found")
        except Refused as error:
            return refuse(422, str(error))

    def _authorise(self) -> None:
        caller = self.caller
        if caller is None:
            raise Denied("Invalid Access Token")
        if caller.kind == "bot" and self.action not in BOT_ACTIONS:
            raise Denied(NOT_FOR_BOTS)
        if self.account is None:
            return
        self.app_context.world.account(self.account)
        if not _belongs(self.app_context.world, caller, self.account):
            who = "Bot is not authorized" if caller.kind == "bot" else "You are not authorized"
            raise Denied(f"{who} to access this account")
        if self.admin and caller.kind != "admin":
            raise Denied("You are not authorized to do this action")

    def _write_record(self, response: web.StreamResponse) -> web.StreamResponse:
        struck = self.fault.kind if self.fault else None
        self.app_context.calls.add(
            {
                "method": self.request.method, "path": self.request.path_qs, "action": self.action,
                "token": self.caller.kind if self.caller else "none", "account": self.account,
                "conversation": self.conversation, "status": response.status, "fault": struck,
                "seconds": round(time.monotonic() - self.began, 4),
                "refused": _words(response) if response.status >= 400 and struck is None else None,
            }
        )  # fmt: skip
        return response


def identify(world: World, headers: "web.BaseRequest | Any") -> Caller | None:
    """Return whose token a request carries. Rack reads both names alike, and Puma takes the one with hyphens of two."""
    token = headers.get("Api-Access-Token") or headers.get("api_access_token")
    if not token:
        return None
    owners: list[User | AgentBot] = [*world.users.values(), *world.agent_bots.values()]
    owner = next((record for record in owners if record.token == token), None)
    match owner:
        case User(role="administrator"):
            return Caller("admin", owner.id, owner.name)
        case User():
            return Caller("user", owner.id, owner.name)
        case AgentBot():
            return Caller("bot", owner.id, owner.name)
        case _:
            return None


def _belongs(world: World, caller: Caller, account_id: int) -> bool:
    if caller.kind != "bot":
        return world.users[caller.id].account_id == account_id
    bot = world.agent_bots[caller.id]
    bound = (inbox.agent_bot_id == bot.id for inbox in world.inboxes_of(account_id))
    return bot.account_id == account_id or any(bound)


def refuse(status: int, words: str) -> web.Response:
    """Say no, as Chatwoot does."""
    return web.json_response({"error": words}, status=status)


def _trouble(fault: Fault) -> web.Response:
    if fault.kind == "page":
        return PAGES[fault.page].response()
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else None
    return web.json_response({"error": fault.words}, status=fault.status, headers=headers)


def _words(response: web.StreamResponse) -> str:
    text = response.text if isinstance(response, web.Response) else None
    return (text or "")[:500]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None

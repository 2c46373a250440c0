"""A driver request: its JSON, its path, and errors that say what to do."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.chatwoot.app_context import APP_CONTEXT, AppContext
from sandbox.chatwoot.world.records import Conversation, Json
from sandbox.chatwoot.world.world import NotFound, World
from sandbox.chatwoot.world.writing import Refused


class Wrong(ValueError):
    """The request makes no sense: 400 with these words."""


@dataclass(slots=True)
class Ask:
    """One request to the driver API. `body` is its JSON object."""

    request: web.Request
    app_context: AppContext
    body: Json

    @property
    def world(self) -> World:
        """Return the records."""
        return self.app_context.world

    def thread(self) -> Conversation:
        """Return the conversation that the path names."""
        path = self.request.match_info
        return self.world.conversation(int(path["account"]), int(path["conversation"]))

    def teammate(self, account_id: int) -> int:
        """Return who acts: `user` of the body, else the account's first teammate who is no administrator."""
        if (wanted := self.body.get("user")) is not None:
            return self.world.user(account_id, int(wanted)).id
        found = self.world.users_of(account_id)
        return next((user.id for user in found if user.role == "agent"), found[0].id)

    def text(self, name: str = "text") -> str:
        """Return a string of the body that has to be there."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Wrong(f"the body needs {name!r}, a string")
        return value.encode(errors="replace").decode()

    def number(self, name: str, default: float) -> float:
        """Return a number of the query or the default."""
        try:
            return float(self.request.query.get(name, default))
        except ValueError as error:
            raise Wrong(f"{name!r} is a number") from error


Handler = Callable[[Ask], Awaitable[Any]]


def drive(method: str, path: str, handler: Handler) -> web.RouteDef:
    """Make a route of the driver API; what its handler returns is answered as JSON."""

    async def handled(request: web.Request) -> web.StreamResponse:
        try:
            answer = await handler(Ask(request, request.app[APP_CONTEXT], await _body(request)))
        except NotFound:
            return web.json_response({"error": "no such account, inbox, contact, conversation or message"}, status=404)
        except (Wrong, Refused) as error:
            return web.json_response({"error": str(error)}, status=400)
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

    return web.route(method, f"/sandbox/api{path}", handled)


async def _body(request: web.Request) -> Json:
    """Read the JSON; only as application/json, which no foreign page can send without asking first."""
    if request.method in ("GET", "HEAD") or not request.can_read_body:
        return {}
    if request.content_type != "application/json":
        raise Wrong("send JSON with Content-Type: application/json")
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise Wrong("the body is not JSON") from error
    if not isinstance(body, dict):
        raise Wrong("the body is not a JSON object")
    return body

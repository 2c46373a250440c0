"""Routes of an installation's parts: inboxes, teammates, teams, labels, one's own profile, the version."""

import datetime as dt

from aiohttp import web

from sandbox.chatwoot.api import views
from sandbox.chatwoot.api.guard import Call, identify, refuse, route
from sandbox.chatwoot.app_context import APP_CONTEXT
from sandbox.chatwoot.world.records import Json

VERSION = "4.16.2"


def routes() -> list[web.RouteDef]:
    """Return all routes of the directory."""
    return [
        web.get("/api", version),
        web.get("/api/v1/profile", profile),
        route("GET", "", "accounts#show", account),
        route("GET", "/inboxes", "inboxes#index", inboxes),
        route("GET", "/inboxes/{id}", "inboxes#show", inbox),
        route("PATCH", "/inboxes/{id}", "inboxes#update", change_inbox, admin=True),
        route("POST", "/inboxes/{id}/reset_secret", "inboxes#reset_secret", reset_secret, admin=True),
        route("GET", "/agents", "agents#index", agents),
        route("GET", "/assignable_agents", "assignable_agents#index", assignable),
        route("GET", "/teams", "teams#index", teams),
        route("GET", "/labels", "account_labels#index", labels),
    ]


async def version(request: web.Request) -> web.Response:
    """GET /api: which Chatwoot this stands in for."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    return web.json_response({"version": VERSION, "timestamp": stamp, "queue_services": "ok", "data_services": "ok"})


async def profile(request: web.Request) -> web.Response:
    """GET: who a user token belongs to, and their accounts."""
    world = request.app[APP_CONTEXT].world
    caller = identify(world, request.headers)
    if caller is None or caller.kind == "bot":
        words = "Invalid Access Token" if caller is None else "Access to this endpoint is not authorized for bots"
        return refuse(401, words)
    user = world.users[caller.id]
    where: Json = {
        "id": user.account_id, "name": world.accounts[user.account_id].name, "status": "active", "role": user.role,
        "permissions": [user.role], "availability": user.availability, "availability_status": user.availability,
    }  # fmt: skip
    body = views.agent(user) | {"access_token": user.token, "accounts": [where], "type": None, "uid": user.email}
    return web.json_response(body)


async def account(call: Call) -> web.Response:
    """GET: the account itself."""
    found = call.world.account(call.account_id)
    return web.json_response({"id": found.id, "name": found.name, "locale": found.locale, "status": "active",
                              "features": {}, "settings": {}})  # fmt: skip


async def inboxes(call: Call) -> web.Response:
    """GET: all inboxes."""
    admin = call.caller.kind == "admin"
    found = call.world.inboxes_of(call.account_id)
    return web.json_response({"payload": [views.inbox(call.world, entry.id, admin=admin) for entry in found]})


async def inbox(call: Call) -> web.Response:
    """GET: one inbox; an API inbox shows its secret to administrators."""
    entry = call.world.inbox(call.account_id, call.number())
    return web.json_response(views.inbox(call.world, entry.id, admin=call.caller.kind == "admin"))


async def change_inbox(call: Call) -> web.Response:
    """PATCH: its name, its webhook (API), whether it keeps one conversation, its survey and greeting."""
    entry, body = call.world.inbox(call.account_id, call.number()), await call.body()
    entry.name = str(body.get("name", entry.name))
    entry.lock_to_single = bool(body.get("lock_to_single_conversation", entry.lock_to_single))
    entry.csat = bool(body.get("csat_survey_enabled", entry.csat))
    channel = body.get("channel")
    if isinstance(channel, dict) and "webhook_url" in channel:
        entry.webhook_url = channel["webhook_url"] or None
    if "greeting_enabled" in body:
        entry.greeting = str(body.get("greeting_message") or "") if body["greeting_enabled"] else None
    return web.json_response(views.inbox(call.world, entry.id, admin=True))


async def reset_secret(call: Call) -> web.Response:
    """POST: a new secret for an API inbox."""
    entry = call.world.inbox(call.account_id, call.number())
    entry.secret = call.world.token("inbox", entry.id, call.world.next_id("secret"))
    return web.json_response(views.inbox(call.world, entry.id, admin=True))


async def agents(call: Call) -> web.Response:
    """GET: all teammates."""
    return web.json_response([views.agent(user) for user in call.world.users_of(call.account_id)])


async def assignable(call: Call) -> web.Response:
    """GET: teammates a conversation may be given to."""
    return web.json_response({"payload": [views.agent(user) for user in call.world.users_of(call.account_id)]})


async def teams(call: Call) -> web.Response:
    """GET: all teams."""
    found = [team for team in call.world.teams.values() if team.account_id == call.account_id]
    return web.json_response(
        [
            {"id": t.id, "name": t.name, "description": t.description, "allow_auto_assign": True,
             "account_id": t.account_id, "is_member": False}
            for t in found
        ]
    )  # fmt: skip


async def labels(call: Call) -> web.Response:
    """GET: all labels of the account."""
    found = [label for label in call.world.labels.values() if label.account_id == call.account_id]
    listed = [{"id": x.id, "title": x.title, "description": None, "color": x.color, "show_on_sidebar": True}
              for x in found]  # fmt: skip
    return web.json_response({"payload": listed})


async def nowhere(request: web.Request) -> web.Response:
    """Answer anything else under /api: written down as a refusal, for a call to nowhere is a bug of the caller."""
    request.app[APP_CONTEXT].calls.add(
        {"method": request.method, "path": request.path_qs, "action": None, "token": None, "account": None,
         "conversation": None, "status": 404, "fault": None, "seconds": 0.0, "refused": "no such route"}
    )  # fmt: skip
    return refuse(404, "Resource could not be found")

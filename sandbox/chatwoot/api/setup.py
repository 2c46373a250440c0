"""Routes for an administrator: agent bots, their binding to inboxes, webhooks."""

from typing import Any

from aiohttp import web

from sandbox.chatwoot.api import views
from sandbox.chatwoot.api.guard import Call, route
from sandbox.chatwoot.sending.webhooks import ACCOUNT_EVENTS
from sandbox.chatwoot.world.records import AgentBot, Json, Webhook
from sandbox.chatwoot.world.writing import Refused


def routes() -> list[web.RouteDef]:
    """Return all routes of set-up."""
    bot, hook, inbox = "/agent_bots/{id}", "/webhooks/{id}", "/inboxes/{id}"
    return [
        route("GET", "/agent_bots", "agent_bots#index", bots),
        route("POST", "/agent_bots", "agent_bots#create", create_bot, admin=True),
        route("GET", bot, "agent_bots#show", show_bot),
        route("PATCH", bot, "agent_bots#update", change_bot, admin=True),
        route("DELETE", bot, "agent_bots#destroy", delete_bot, admin=True),
        route("POST", f"{bot}/reset_access_token", "agent_bots#reset_access_token", reset_token, admin=True),
        route("POST", f"{bot}/reset_secret", "agent_bots#reset_secret", reset_secret, admin=True),
        route("GET", f"{inbox}/agent_bot", "inboxes#agent_bot", bound_bot),
        route("POST", f"{inbox}/set_agent_bot", "inboxes#set_agent_bot", bind_bot, admin=True),
        route("GET", "/webhooks", "webhooks#index", webhooks, admin=True),
        route("POST", "/webhooks", "webhooks#create", create_webhook, admin=True),
        route("PATCH", hook, "webhooks#update", change_webhook, admin=True),
        route("DELETE", hook, "webhooks#destroy", delete_webhook, admin=True),
    ]


def _bot(call: Call) -> AgentBot:
    return call.world.agent_bot(call.account_id, call.number())


def _show_bot(call: Call, bot: AgentBot) -> web.Response:
    return web.json_response(views.agent_bot(bot, admin=call.caller.kind == "admin"))


async def bots(call: Call) -> web.Response:
    """GET: all agent bots, those of the installation included."""
    found = [bot for bot in call.world.agent_bots.values() if bot.account_id in (None, call.account_id)]
    return web.json_response([views.agent_bot(bot, admin=call.caller.kind == "admin") for bot in found])


async def create_bot(call: Call) -> web.Response:
    """POST: a new agent bot; Chatwoot chooses its token and secret."""
    body = await call.body()
    id_ = call.world.next_id("agent_bot")
    bot = AgentBot(
        id=id_, account_id=call.account_id, name=str(body.get("name") or ""), secret=_fresh(call, "bot_secret", id_),
        outgoing_url=str(body.get("outgoing_url") or ""), token=_fresh(call, "bot_token", id_),
        description=str(body.get("description") or ""),
    )  # fmt: skip
    call.world.agent_bots[id_] = bot
    return _show_bot(call, bot)


def _fresh(call: Call, *names: object) -> str:
    return call.world.token(*names, call.world.next_id("secret"))


async def show_bot(call: Call) -> web.Response:
    """GET: one agent bot."""
    return _show_bot(call, _bot(call))


async def change_bot(call: Call) -> web.Response:
    """PATCH: its name, description or address."""
    bot, body = _bot(call), await call.body()
    for name in ("name", "description", "outgoing_url"):
        if name in body:
            setattr(bot, name, str(body[name]))
    return _show_bot(call, bot)


async def delete_bot(call: Call) -> web.Response:
    """DELETE: and unbind it everywhere."""
    bot = _bot(call)
    del call.world.agent_bots[bot.id]
    for inbox in call.world.inboxes.values():
        if inbox.agent_bot_id == bot.id:
            inbox.agent_bot_id = None
    for thread in call.world.conversations.values():
        if thread.assignee_bot_id == bot.id:
            thread.assignee_bot_id = None
    return web.Response()


async def reset_token(call: Call) -> web.Response:
    """POST: a new access token; the old one is refused from now on."""
    bot = _bot(call)
    bot.token = _fresh(call, "bot_token", bot.id)
    return _show_bot(call, bot)


async def reset_secret(call: Call) -> web.Response:
    """POST: a new signing secret, at once."""
    bot = _bot(call)
    bot.secret = _fresh(call, "bot_secret", bot.id)
    return _show_bot(call, bot)


async def bound_bot(call: Call) -> web.Response:
    """GET: the bot of an inbox, or an empty object."""
    bot = call.world.bot_of(call.world.inbox(call.account_id, call.number()))
    admin = call.caller.kind == "admin"
    return web.json_response({"agent_bot": views.agent_bot(bot, admin=admin) if bot else {}})


async def bind_bot(call: Call) -> web.Response:
    """POST: bind a bot to an inbox, or none."""
    inbox = call.world.inbox(call.account_id, call.number())
    wanted = (await call.body()).get("agent_bot")
    inbox.agent_bot_id = call.world.agent_bot(call.account_id, int(wanted)).id if wanted else None
    return web.Response()


async def webhooks(call: Call) -> web.Response:
    """GET: all webhooks of the account."""
    found = [views.webhook(hook) for hook in call.world.webhooks.values() if hook.account_id == call.account_id]
    return web.json_response({"payload": {"webhooks": found}})


async def create_webhook(call: Call) -> web.Response:
    """POST: a new webhook; its address is unique in the account."""
    body = _inner(await call.body())
    id_ = call.world.next_id("webhook")
    hook = Webhook(id=id_, account_id=call.account_id, url="", secret=_fresh(call, "webhook", id_), subscriptions=[])
    _fill(call, hook, {"subscriptions": sorted(ACCOUNT_EVENTS)} | body)
    call.world.webhooks[id_] = hook
    return web.json_response({"payload": {"webhook": views.webhook(hook)}})


async def change_webhook(call: Call) -> web.Response:
    """PATCH: its address, name or subscriptions."""
    hook = call.world.webhook(call.account_id, call.number())
    _fill(call, hook, _inner(await call.body()))
    return web.json_response({"payload": {"webhook": views.webhook(hook)}})


async def delete_webhook(call: Call) -> web.Response:
    """DELETE: the only way to another secret."""
    del call.world.webhooks[call.world.webhook(call.account_id, call.number()).id]
    return web.Response()


def _inner(body: Json) -> Json:
    inner = body.get("webhook")
    return inner if isinstance(inner, dict) else body


def _fill(call: Call, hook: Webhook, body: Json) -> None:
    url, subscriptions = str(body.get("url", hook.url)), body.get("subscriptions", hook.subscriptions)
    _check(call, hook, url, subscriptions)
    hook.url, hook.subscriptions, hook.name = url, list(subscriptions), body.get("name", hook.name)


def _check(call: Call, hook: Webhook, url: str, subscriptions: Any) -> None:
    others = (h for h in call.world.webhooks.values() if h.account_id == call.account_id and h.id != hook.id)
    if any(other.url == url for other in others):
        raise Refused("Validation failed: Url has already been taken")
    if not url.startswith(("http://", "https://")):
        raise Refused("Validation failed: Url is invalid")
    if not isinstance(subscriptions, list) or not subscriptions or not set(subscriptions) <= ACCOUNT_EVENTS:
        raise Refused("Validation failed: Subscriptions Invalid events")

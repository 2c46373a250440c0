"""Trouble and new furniture on demand: faults, latency, duplicated and shuffled webhooks, accounts, inboxes."""

import dataclasses
from typing import Any

from aiohttp import web

from sandbox.chatwoot.driver_api import state
from sandbox.chatwoot.driver_api.request import Ask, Wrong, drive
from sandbox.chatwoot.faults import Fault
from sandbox.chatwoot.world.media import MEDIA
from sandbox.chatwoot.world.records import Account, AgentBot, Inbox, Json, User


def routes() -> list[web.RouteDef]:
    """Return all routes of trouble and furniture."""
    return [
        drive("GET", "/faults", faults),
        drive("POST", "/faults", add_fault),
        drive("DELETE", "/faults", clear),
        drive("POST", "/latency", latency),
        drive("POST", "/mischief", mischief),
        drive("POST", "/release", release),
        drive("POST", "/deliveries/{n}/again", again),
        drive("POST", "/accounts", add_account),
        drive("POST", "/inboxes", add_inbox),
    ]


async def faults(ask: Ask) -> list[Json]:
    """Return the faults in force and how often each struck."""
    return [dataclasses.asdict(fault) for fault in ask.app_context.faults.active]


async def add_fault(ask: Ask) -> Json:
    """Put a fault in force: any field of `Fault`."""
    try:
        fault: Fault = ask.app_context.faults.add(**ask.body)
    except (TypeError, ValueError) as error:
        raise Wrong(str(error)) from error
    return dataclasses.asdict(fault)


async def clear(ask: Ask) -> Json:
    """End all faults, latency and mischief."""
    ask.app_context.dispatcher.release()
    ask.app_context.dispatcher.mischief.twice = 0
    return {"struck": ask.app_context.faults.clear()}


async def latency(ask: Ask) -> Json:
    """Let every API answer take its time: `median_ms`, `sigma` (lognormal); 0 for none."""
    ask.app_context.faults.median = float(ask.body.get("median_ms", 120)) / 1000
    ask.app_context.faults.sigma = float(ask.body.get("sigma", 0.4))
    return {"median_ms": ask.app_context.faults.median * 1000, "sigma": ask.app_context.faults.sigma}


async def mischief(ask: Ask) -> Json:
    """Send the next `twice` webhooks twice, or keep the next `shuffle` and send them in another order."""
    disorder = ask.app_context.dispatcher.mischief
    disorder.twice = int(ask.body.get("twice", disorder.twice))
    disorder.held = int(ask.body.get("shuffle", disorder.held))
    return {"twice": disorder.twice, "shuffle": disorder.held}


async def release(ask: Ask) -> Json:
    """Send what is kept for shuffling, even if fewer came than were awaited."""
    return {"released": ask.app_context.dispatcher.release()}


async def again(ask: Ask) -> Json:
    """Send delivery `n` once more: same body, same X-Chatwoot-Delivery."""
    number = ask.request.match_info["n"]
    if not number.isdigit() or int(number) not in ask.app_context.dispatcher.sent:
        raise Wrong("no such delivery: /sandbox/api/deliveries lists them")
    ask.app_context.dispatcher.again(int(number))
    return {"again": int(number)}


async def add_account(ask: Ask) -> Json:
    """Make an account with an administrator, a teammate, an agent bot and inboxes. Answers with its tokens."""
    world, name = ask.world, ask.text("name")
    account = Account(world.next_id("account"), name, questions=list(ask.body.get("questions", [])))
    world.accounts[account.id] = account
    for role in ("administrator", "agent"):
        mail = f"{role}{account.id}@example.com"
        user = User(world.next_id("user"), account.id, role.title(), mail, role, world.token(account.id, role))
        world.users[user.id] = user
    bot = AgentBot(
        id=world.next_id("agent_bot", 7), account_id=account.id, name=f"Bot {name}",
        outgoing_url=str(ask.body.get("outgoing_url", "")), secret=world.token(account.id, "bot_secret"),
        token=world.token(account.id, "bot_token"),
    )  # fmt: skip
    world.agent_bots[bot.id] = bot
    for medium in ask.body.get("inboxes", ["whatsapp"]):
        _add_inbox(ask, account.id, medium, bot=bot.id)
    tokens = {user.role: user.token for user in world.users_of(account.id)}
    return state.account(world, account) | {"bot_token": bot.token, "secret": bot.secret, "tokens": tokens}


async def add_inbox(ask: Ask) -> Json:
    """Make an inbox: account, channel, name; bound to the account's first bot unless `bot` is false."""
    account = ask.world.account(int(ask.body.get("account") or 0))
    bots = (bot.id for bot in ask.world.agent_bots.values() if bot.account_id == account.id)
    bot = next(bots, None) if ask.body.get("bot", True) else None
    inbox = _add_inbox(ask, account.id, ask.body.get("channel"), bot=bot)
    inbox.name = str(ask.body.get("name", inbox.name))
    inbox.webhook_url = ask.body.get("webhook_url")
    inbox.lock_to_single = bool(ask.body.get("lock_to_single", False))
    return state.inbox(ask.world, inbox) | {"secret": inbox.secret}


def _add_inbox(ask: Ask, account_id: int, medium: Any, bot: int | None) -> Inbox:
    if medium not in MEDIA:
        raise Wrong(f"channel is one of {', '.join(MEDIA)}")
    id_ = ask.world.next_id("inbox", 11)
    secret = ask.world.token(account_id, "inbox", id_) if medium == "api" else ""
    inbox = Inbox(id_, account_id, MEDIA[medium].label, medium, agent_bot_id=bot, secret=secret)
    ask.world.inboxes[id_] = inbox
    return inbox

"""Requests about one account: chosen on a page of its own, or named in the object that is sent."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from ops.console.answers import page, refuse
from ops.console.context import choose_console, console_of, person


def account_chooser(to: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of a page that asks for an account and leads below `to`, as it does who sees one alone."""

    async def choose(request: web.Request) -> web.Response:
        own = person(request).account or request.query.get("account")
        if own:
            return web.Response(status=303, headers={"Location": f"{to}/{quote(own, safe='')}"})
        accounts = await console_of(request).accounts.all()
        return page(request, "choose.html", to=to, accounts={key: one.name for key, one in accounts.items()})

    return choose


async def read_sent(request: web.Request, fields: str) -> dict[str, Any] | web.Response:
    """Return the object that was sent, `account` set; or the refusal of what is none, or of another's account.

    `fields`: what it may hold, for people.
    """
    try:
        sent = orjson.loads(await request.read())
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        return refuse(request, 400, f"an object of {fields}")
    account = str(sent.get("account") or person(request).account or "")
    if not person(request).sees(account):
        return refuse(request, 404)
    await choose_console(request, account or None)
    return {**sent, "account": account}

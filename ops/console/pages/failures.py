"""Failures: dead letters by cause, and what is done to all of one cause."""

import asyncio
from typing import Any

from aiohttp import web

from chatwootai.telemetry import log
from ops.console.answers import data, page
from ops.console.context import console_of, person
from ops.console.data.failures import Bulk, groups_as_json, read_groups

_SECONDS = 3.0
_log = log.get("console")


async def failures_data(request: web.Request) -> web.Response:
    """Return the groups as JSON."""
    return data({"groups": await _groups(request)})


async def failures_page(request: web.Request) -> web.Response:
    """Return the page of groups."""
    return await _page(request, None)


async def act_on_group(request: web.Request) -> web.Response:
    """Retry or drop the letters of one cause, and return the page, which says how many."""
    form = await request.post()
    action, cause = request.match_info["action"], str(form.get("cause", ""))
    if action not in {"retry", "drop"}:
        raise web.HTTPNotFound
    console, who = console_of(request), person(request)
    bulk = Bulk(
        console.connection,
        console.environment.config,
        await console.accounts.all(),
        _account(request),
        f"{who.name} (console)",
    )
    done = await bulk.act(action, cause, hand_back=form.get("hand_back") == "1")
    _log.info("console_acted_on_group", action=action, by=who.name, done=done["done"], skipped=done["skipped"])
    return await _page(request, done)


def _account(request: web.Request) -> str | None:
    return person(request).account or request.query.get("account") or None


async def _groups(request: web.Request) -> list[dict[str, Any]]:
    async with asyncio.timeout(_SECONDS):
        return groups_as_json(await read_groups(console_of(request).connection, _account(request)))


async def _page(request: web.Request, done: dict[str, Any] | None) -> web.Response:
    return page(request, "failures.html", groups=await _groups(request), done=done, account=_account(request))

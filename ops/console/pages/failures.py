"""Failures: dead letters by cause, and what is done to all of one cause."""

import asyncio
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatwootai.telemetry import log
from ops.console.answers import data, page
from ops.console.context import console_of, person
from ops.console.data.failures import Bulk, groups_as_json, read_groups, read_impact
from ops.console.notices import redirect

_SECONDS = 3.0
_log = log.get("console")


async def failures_data(request: web.Request) -> web.Response:
    """Return the groups as JSON."""
    return data({"groups": await _groups(request)})


async def failures_page(request: web.Request) -> web.Response:
    """Return the page of groups."""
    return page(request, "failures.html", groups=await _groups(request), account=_account(request))


async def impact_data(request: web.Request) -> web.Response:
    """Return what an action on a group would touch, as JSON."""
    return data(await _impact(request))


async def impact_page(request: web.Request) -> web.Response:
    """Return the page that says what an action on a group would touch, and asks whether to do it."""
    action = request.query.get("action", "retry")
    if action not in {"retry", "drop"}:
        raise web.HTTPNotFound
    return page(request, "impact.html", found=await _impact(request), action=action, account=_account(request))


async def _impact(request: web.Request) -> dict[str, Any]:
    async with asyncio.timeout(_SECONDS):
        return await read_impact(console_of(request).connection, _account(request), request.query.get("cause", ""))


async def act_on_group(request: web.Request) -> web.Response:
    """Retry or drop the letters of one cause, and go to the page, which says how many."""
    done = await _act(request)
    counts = {name: done[name] for name in ("done", "skipped", "left")}
    lines = [console_of(request).pages.said(request, "failures.done", **counts), *done["why"]]
    account = _account(request)
    to = f"/failures?account={quote(account, safe='')}" if account and not person(request).account else "/failures"
    return redirect(request, to, lines, "warn" if done["skipped"] else "good")


async def act_on_group_data(request: web.Request) -> web.Response:
    """Do the same, and return how many were `done`, `skipped` (and `why`), and are `left`, as JSON."""
    return data(await _act(request))


async def _act(request: web.Request) -> dict[str, Any]:
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
    return done


def _account(request: web.Request) -> str | None:
    return person(request).account or request.query.get("account") or None


async def _groups(request: web.Request) -> list[dict[str, Any]]:
    async with asyncio.timeout(_SECONDS):
        return groups_as_json(await read_groups(console_of(request).connection, _account(request)))

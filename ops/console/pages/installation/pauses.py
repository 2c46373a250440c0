"""Pauses of accounts, from the page Connections and as JSON."""

import asyncio
from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp import web

from chatwootai.telemetry import log
from ops.access import CommandError, UsageError, acting
from ops.console.answers import data, refuse
from ops.console.context import QUERY_SECONDS, console_of, person
from ops.console.notices import outcome, with_query_of_form
from ops.console.pages.installation.connections import connections
from ops.console.pages.installation.view import actor
from ops.jobs.pauses import pause, resume
from ops.times import a_time_to_come

ACTIONS: Final = ("pause", "resume")
_log = log.get("console")


async def act_on_page(request: web.Request) -> web.Response:
    """Do what a form says, and go to the page, which says so; or show it with what was typed, and what is wrong."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    status, told = await _act(request, form)
    account = request.match_info["account"]
    if status == 400:
        return await connections.shown(request, wrong=told, asked={**form, "account": account})
    to = await with_query_of_form(request, "/connections")
    what = f"connections.{request.match_info['action']}"
    return outcome(request, to, what, [told], done=status == 200, anchor=f"account-{account}")


async def act_data(request: web.Request) -> web.Response:
    """Do what JSON says; what was done, as JSON."""
    try:
        sent = orjson.loads(await request.read() or b"{}")
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        return refuse(request, 400, "an object of until (18:00, 2h or 2026-11-28T18:00Z) and why")
    status, told = await _act(request, sent)
    return data({"done": told}) if status == 200 else refuse(request, status, told)


async def _act(request: web.Request, sent: Mapping[str, Any]) -> tuple[int, str]:
    """Pause the account or let it go on; return an HTTP status, and what was done or why not."""
    action, account = request.match_info["action"], request.match_info["account"]
    console = console_of(request)
    if action not in ACTIONS or account not in await console.accounts.all():
        raise web.HTTPNotFound
    try:
        with acting(actor(request)) as told:
            async with asyncio.timeout(QUERY_SECONDS):
                if action == "pause":
                    until = a_time_to_come(str(sent.get("until", "")))
                    await pause(console.connection, account, until, str(sent.get("why") or ""))
                else:
                    await resume(console.connection, account)
    except (ArgumentTypeError, UsageError) as error:
        return 400, str(error)
    except CommandError as error:
        return 409, str(error)
    _log.info("console_paused", action=action, account=account, by=person(request).name)
    return 200, " ".join(told)

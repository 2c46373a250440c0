"""Make a case: a turn as a redacted draft of an evaluation case, for who may read what customers wrote."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from chatwootai.telemetry import log
from config.snapshot import Account
from ops.access import CommandError
from ops.console.answers import data, page, refuse
from ops.console.context import QUERY_SECONDS, console_of, person
from ops.console.data.cases import USUAL_SET, CaseDesk, MadeCase, command_line, sets_of, why_off
from ops.console.pages.kept_results import kept_result, to_result
from ops.evaluation.origins import Origin

_log = log.get("console")


async def case_page(request: web.Request) -> web.Response:
    """Return the page on which a turn becomes a case, or which says why it cannot."""
    origin = await _origin(request)
    kept = kept_result(request, request.match_info["account"])
    if "made" in kept:
        return await _page(request, origin, asked=kept["made"].set, made=kept["made"])
    return await _page(request, origin, gone=bool(kept))


async def case_data(request: web.Request) -> web.Response:
    """Return whether a turn may become a case, and into which sets, as JSON."""
    origin, account = await _origin(request), await _account(request)
    purpose = account.settings.evals.capture if account else None
    return data(
        {
            "turn": origin.turn,
            "conversation": f"{request.match_info['account']}:{origin.conversation}",
            "off": _off(request, account) or None,
            "purpose": purpose.purpose if purpose else None,
            "sets": await asyncio.to_thread(sets_of, console_of(request).environment.config, account),
        }
    )


async def make(request: web.Request) -> web.Response:
    """Make a draft of a turn, and go to the page with it; or show it with what was typed, and what is wrong."""
    if not person(request).words:
        return refuse(request, 403)
    origin, form = await _origin(request), await request.post()
    try:
        made = await _make(request, origin, form)
    except CommandError as error:
        return await _page(request, origin, 409, asked=_set(form), wrong=str(error))
    account, turn = (quote(request.match_info[name], safe="") for name in ("account", "turn"))
    return to_result(request, request.match_info["account"], {"made": made}, f"/cases/{account}/{turn}")


async def make_data(request: web.Request) -> web.Response:
    """Make a draft of a turn, and return it as JSON."""
    if not person(request).words:
        return refuse(request, 403)
    origin = await _origin(request)
    try:
        sent = orjson.loads(await request.read() or b"{}")
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        return refuse(request, 400, "an object of set")
    try:
        return data((await _make(request, origin, sent)).as_json())
    except CommandError as error:
        return data({"error": str(error)}, 409)


async def _make(request: web.Request, origin: Origin, sent: Mapping[str, Any]) -> MadeCase:
    key, account = request.match_info["account"], await _account(request)
    if account is None:
        raise CommandError(f"the configuration that this console reads has no account {key}")
    made = await _desk(request).make(account, origin, _set(sent))
    _log.info("console_acted", action="case", by=person(request).name, conversation=made.conversation)
    return made


async def _origin(request: web.Request) -> Origin:
    """Return the place of the turn that a path names.

    Raises:
        HTTPNotFound: nothing is kept of it.
    """
    async with asyncio.timeout(QUERY_SECONDS):
        origin = await _desk(request).origin(request.match_info["turn"])
    if origin is None:
        raise web.HTTPNotFound
    return origin


async def _account(request: web.Request) -> Account | None:
    return (await console_of(request).accounts.all()).get(request.match_info["account"])


def _desk(request: web.Request) -> CaseDesk:
    console, by = console_of(request), f"{person(request).name} (console)"
    return CaseDesk(console.connection, console.environment.config, request.match_info["account"], by)


def _off(request: web.Request, account: Account | None) -> str:
    return why_off(account) if person(request).words else "no_words"


def _set(sent: Mapping[str, Any]) -> str:
    return str(sent.get("set") or USUAL_SET).strip()


async def _page(
    request: web.Request,
    origin: Origin,
    status: int = 200,
    *,
    asked: str = USUAL_SET,
    wrong: str = "",
    made: MadeCase | None = None,
    gone: bool = False,
) -> web.Response:
    console, account, key = console_of(request), await _account(request), request.match_info["account"]
    purpose = account.settings.evals.capture if account else None
    return page(
        request,
        "case.html",
        status,
        account=key,
        number=origin.conversation,
        turn=origin.turn,
        company=console.accounts.name(key),
        off=_off(request, account),
        purpose=purpose.purpose if purpose else "",
        sets=await asyncio.to_thread(sets_of, console.environment.config, account),
        asked=asked,
        wrong=wrong,
        made=made,
        gone=gone,
        line=command_line(key, origin, asked),
    )

"""Rehearsal: a question to an account's crew, with the configuration in force, its draft, or both side by side."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from chatwootai.channels.registry import names
from chatwootai.telemetry import log
from ops.console.answers import data, page, refuse
from ops.console.context import console_of, person
from ops.console.data.query import BadQuery
from ops.console.data.rehearsals import as_trace, checked, command_line, of_form, rehearse
from ops.console.pages.turn_words import words_of_turn

_FIELDS = ("text", "history", "channel", "inbox", "phone", "config", "tools", "answers")
_log = log.get("console")


async def choose_account(request: web.Request) -> web.Response:
    """Return the page on which an account is chosen; who sees one alone goes to it."""
    own = person(request).account or request.query.get("account")
    if own:
        return web.Response(status=303, headers={"Location": f"/rehearsal/{quote(own, safe='')}"})
    accounts = await console_of(request).accounts.all()
    return page(request, "choose.html", to="/rehearsal", accounts={key: one.name for key, one in accounts.items()})


async def rehearsal_page(request: web.Request) -> web.Response:
    """Return the page with its form, filled as the address says, or with the turn that it names."""
    words = await words_of_turn(request)
    filled = {"text": words.question, "history": words.history} if words else {}
    return await _page(request, {**filled, **request.query})


async def rehearse_on_page(request: web.Request) -> web.Response:
    """Have it done, and return the page with what came of it."""
    form = await request.post()
    try:
        asked = of_form(request.match_info["account"], form)
    except BadQuery as error:
        return await _page(request, form, status=400, wrong=str(error))
    return await _page(request, form, found=await _rehearsed(request, asked), line=command_line(asked))


async def rehearsal_data(request: web.Request) -> web.Response:
    """Have it done, and return what came of it as JSON."""
    try:
        sent = orjson.loads(await request.read())
    except ValueError:
        return refuse(request, 400, "an object of account, text and what else is to be said")
    if not isinstance(sent, dict):
        return refuse(request, 400, "an object of account, text and what else is to be said")
    account = str(sent.get("account") or person(request).account or "")
    if not person(request).sees(account):
        return refuse(request, 404)
    try:
        asked = checked({**sent, "account": account})
    except BadQuery as error:
        return refuse(request, 400, str(error))
    found = await _rehearsed(request, asked)
    failed = all("failed" in one for one in found)
    return data(
        {"rehearsals": found, "error": found[0]["failed"]} if failed else {"rehearsals": found}, 409 if failed else 200
    )


async def _rehearsed(request: web.Request, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = await rehearse(console_of(request).requests, asked)
    _log.info("console_rehearsed", by=person(request).name, account=asked["account"], config=asked["config"])
    return found


async def _page(
    request: web.Request,
    form: Mapping[str, Any],
    *,
    status: int = 200,
    wrong: str = "",
    found: list[dict[str, Any]] | None = None,
    line: str = "",
) -> web.Response:
    console, account = console_of(request), request.match_info["account"]
    accounts = await console.accounts.all()
    return page(
        request,
        "rehearsal.html",
        status,
        account=account,
        company=console.accounts.name(account),
        inboxes=accounts[account].inboxes if account in accounts else {},
        asked={name: str(form.get(name, "")) for name in _FIELDS},
        channels=names(),
        wrong=wrong,
        found=[as_trace(one) for one in found or ()],
        line=line,
    )

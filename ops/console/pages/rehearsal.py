"""Rehearsal: a question to an account's crew, with the configuration in force, its draft, or both side by side."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatwootai.channels.registry import names
from chatwootai.telemetry import log
from ops.console.answers import data, page, refuse
from ops.console.context import console_of, person
from ops.console.data.query import BadQuery
from ops.console.data.rehearsals import as_trace, checked, command_line, of_form, rehearse
from ops.console.pages.account_requests import account_chooser, read_sent
from ops.console.pages.kept_results import kept_result, to_result
from ops.console.pages.turn_words import words_of_turn

_FIELDS = ("text", "history", "channel", "inbox", "phone", "config", "tools", "answers")
choose_account = account_chooser("/rehearsal")
_log = log.get("console")


async def rehearsal_page(request: web.Request) -> web.Response:
    """Return the page with its form, filled as the address says, or with the turn that it names."""
    if kept := kept_result(request, request.match_info["account"]):
        return await _page(request, kept.get("form", {}), result=kept)
    words = await words_of_turn(request)
    filled = {"text": words.question, "history": words.history} if words else {}
    return await _page(request, {**filled, **request.query})


async def rehearse_on_page(request: web.Request) -> web.Response:
    """Have it done, and go to the page with what came of it; or show it with what was typed, and what is wrong."""
    form = await request.post()
    try:
        asked = of_form(request.match_info["account"], form)
    except BadQuery as error:
        return await _page(request, form, status=400, wrong=str(error))
    account, typed = asked["account"], {name: str(form.get(name, "")) for name in _FIELDS}
    result = {"form": typed, "found": await _rehearsed(request, asked), "line": command_line(asked)}
    return to_result(request, account, result, f"/rehearsal/{quote(account, safe='')}")


async def rehearsal_data(request: web.Request) -> web.Response:
    """Have it done, and return what came of it as JSON."""
    sent = await read_sent(request, "account, text and what else is to be said")
    if isinstance(sent, web.Response):
        return sent
    try:
        asked = checked(sent)
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
    result: Mapping[str, Any] | None = None,
) -> web.Response:
    console, account, result = console_of(request), request.match_info["account"], result or {}
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
        found=[as_trace(one) for one in result.get("found", ())],
        line=result.get("line", ""),
        gone="gone" in result,
    )

"""Turns, found by the conditions in the address, and Outcomes, whose numbers open the turns that they count."""

import asyncio
import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from chatwootai.model.policy.notes import cause_words
from chatwootai.stores.figures.figures import TurnFilter
from chatwootai.stores.operators.thumbs import Thumbs
from ops.console.answers import data, page, refuse
from ops.console.context import QUERY_SECONDS, console_of, person
from ops.console.data.outcomes import read_outcomes
from ops.console.data.query import FILTERS, BadQuery, read_cursor, read_days, read_filter
from ops.console.data.turns import read_turns, walk_turns
from ops.console.view.reasons import reason_sentence
from ops.console.view.texts import DEFAULT, texts

_PAGE_SECONDS = 3.0
_CSV_SECONDS = 20.0
_COLUMNS = (
    "at", "account", "conversation", "inbox", "channel", "outcome", "cause", "why", "reason", "served_by", "seconds",
    "slowest_step", "tokens", "cost", "config_version", "turn",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def turns_data(request: web.Request) -> web.Response:
    """Return a page of turns as JSON."""
    try:
        found, cursor = await _turns(request, "en")
    except BadQuery as error:
        return refuse(request, 400, str(error))
    return data({"turns": found, "cursor": cursor})


async def turns_page(request: web.Request) -> web.Response:
    """Return the page of turns."""
    pages = console_of(request).pages
    try:
        found, cursor = await _turns(request, pages.language(request))
    except BadQuery as error:
        return refuse(request, 400, str(error))
    asked = {name: request.query[name] for name in FILTERS if request.query.get(name)}
    return page(
        request,
        "turns.html",
        turns=found,
        asked=asked,
        further=f"/turns?{urlencode({**asked, 'cursor': cursor})}" if cursor else "",
        as_csv=f"/turns.csv?{urlencode(asked)}",
        name_of=console_of(request).accounts.name,
    )


async def turns_csv(request: web.Request) -> web.StreamResponse:
    """Return the turns as CSV, at most 10,000. A cell that a spreadsheet would compute begins with an apostrophe."""
    try:
        wanted = await _wanted(request)
    except BadQuery as error:
        return refuse(request, 400, str(error))
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    async with asyncio.timeout(_CSV_SECONDS):
        async for one in walk_turns(console_of(request).connection, wanted):
            shown = {**_with_reason(request, one, "en"), "at": datetime.fromtimestamp(one["at"], UTC).isoformat()}
            rows.writerow([_cell(shown[name]) for name in _COLUMNS])
    headers = {"Content-Disposition": 'attachment; filename="turns.csv"'}
    return web.Response(text=text.getvalue(), content_type="text/csv", charset="utf-8", headers=headers)


async def outcomes_data(request: web.Request) -> web.Response:
    """Return the figures of days as JSON."""
    try:
        return data(await _outcomes(request))
    except BadQuery as error:
        return refuse(request, 400, str(error))


async def outcomes_page(request: web.Request) -> web.Response:
    """Return the page of outcomes."""
    try:
        found = await _outcomes(request)
    except BadQuery as error:
        return refuse(request, 400, str(error))
    account, days = found["account"], [one["date"] for one in found["days"]]
    accounts = await console_of(request).accounts.all()

    def opened(**conditions: object) -> str:
        """Return the address of the turns that a number counts."""
        named = {"account": account, "since": days[0], "until": days[-1], **conditions}
        return f"/turns?{urlencode({name: value for name, value in named.items() if value})}"

    return page(
        request,
        "outcomes.html",
        found=found,
        opened=opened,
        accounts={key: one.name for key, one in accounts.items() if person(request).sees(key)},
        cause_of=partial(cause_words, language=console_of(request).pages.language(request).partition("-")[0]),
        highest=max((one["turns"] for one in found["days"]), default=0) or 1,
    )


async def _turns(request: web.Request, language: str) -> tuple[list[dict[str, Any]], str | None]:
    wanted = await _wanted(request)
    cursor = read_cursor(request.query)
    async with asyncio.timeout(_PAGE_SECONDS):
        found, further = await read_turns(console_of(request).connection, wanted, cursor)
    return [_with_reason(request, one, language) for one in found], further


async def _wanted(request: web.Request) -> TurnFilter:
    """Return the conditions that the address names, its thumbs looked up."""
    wanted = read_filter(request.query, person(request).account, await _zone(request))
    mark = request.query.get("mark", "")
    if not mark:
        return wanted
    if mark not in {"up", "down"}:
        raise BadQuery("mark: up or down")
    if not wanted.account:
        raise BadQuery("mark: name an account too")
    async with asyncio.timeout(QUERY_SECONDS):
        thumbs = await Thumbs(console_of(request).connection).all(wanted.account)
    return replace(wanted, turns=frozenset(one.turn for one in thumbs.values() if one.up == (mark == "up")))


def _with_reason(request: web.Request, turn: Mapping[str, Any], language: str) -> dict[str, Any]:
    text = partial(console_of(request).pages.text, language)
    return {**turn, "reason": reason_sentence(turn, language, text, lambda key: key in texts(DEFAULT))}


async def _outcomes(request: web.Request) -> dict[str, Any]:
    account = person(request).account or request.query.get("account") or None
    days = read_days(request.query, datetime.now(await _zone(request)).date())
    async with asyncio.timeout(_PAGE_SECONDS):
        return await read_outcomes(console_of(request).connection, account, days)


async def _zone(request: web.Request) -> tzinfo:
    """Return the time zone of the account that is asked for: its days are counted in it; UTC of all together."""
    accounts = await console_of(request).accounts.all()
    found = accounts.get(person(request).account or request.query.get("account") or "")
    return found.settings.zone if found else UTC


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

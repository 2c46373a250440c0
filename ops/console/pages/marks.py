"""Thumbs of people on turns: up or down, and why."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.thumbs import REASONS, Thumbs
from chatwootai.telemetry import log
from ops.console.answers import data, refuse
from ops.console.context import QUERY_SECONDS, console_of, person
from ops.console.data.query import BadQuery

_LONGEST = 100
_log = log.get("console")


async def mark(request: web.Request) -> web.Response:
    """Keep what a form says of a turn, and go back to its conversation."""
    try:
        number = await _mark(request, await request.post())
    except BadQuery as error:
        return refuse(request, 400, str(error))
    account, turn = quote(request.match_info["account"], safe=""), quote(request.match_info["turn"], safe="")
    return web.Response(status=303, headers={"Location": f"/conversations/{account}/{number}#{turn}"})


async def mark_data(request: web.Request) -> web.Response:
    """Keep what JSON says of a turn."""
    try:
        sent = orjson.loads(await request.read())
        if not isinstance(sent, dict):
            raise BadQuery("an object of mark and reason")
        await _mark(request, sent)
    except (BadQuery, ValueError) as error:
        return refuse(request, 400, str(error))
    return data({"mark": sent.get("mark"), "reason": sent.get("reason") or None})


async def _mark(request: web.Request, sent: Mapping[str, Any]) -> int:
    """Keep it; the number of the turn's conversation."""
    account, turn = request.match_info["account"], request.match_info["turn"]
    said, reason = str(sent.get("mark", "")), str(sent.get("reason") or "")
    if said not in {"up", "down", "none"}:
        raise BadQuery("mark: up, down or none")
    if reason and reason not in REASONS:
        raise BadQuery(f"reason: one of {', '.join(REASONS)}")
    connection, by = console_of(request).connection, person(request).name
    async with asyncio.timeout(QUERY_SECONDS):
        record = await Turns(connection).read(turn) if len(turn) <= _LONGEST else None
        if record is None or str(record.get("account")) != account:
            raise web.HTTPNotFound
        if said == "none":
            await Thumbs(connection).take_back(account, turn)
        else:
            await Thumbs(connection).put(account, turn, up=said == "up", reason=reason, by=by)
    _log.info("console_marked", by=by, turn=turn, mark=said, reason=reason or None)
    return int(record["conversation"])

"""Now: what is wrong and what mends it, who serves, what waits."""

from functools import partial
from typing import Any

from aiohttp import web

from ops.console.answers import data, page
from ops.console.context import QUERY_SECONDS, console_of, person
from ops.console.data.now import as_json, read_now


async def now_data(request: web.Request) -> web.Response:
    """Return the state as JSON."""
    return data(await _state(request, "en"))


async def now_page(request: web.Request) -> web.Response:
    """Return the page, which its script keeps up to date."""
    return page(request, "now.html", **await _values(request))


async def now_part(request: web.Request) -> web.Response:
    """Return the part of the page that changes."""
    return page(request, "now_part.html", **await _values(request))


async def _values(request: web.Request) -> dict[str, Any]:
    console = console_of(request)
    await console.accounts.all()
    state = await _state(request, console.pages.language(request))
    return {"now": state, "failed": state["failed"], "name_of": console.accounts.name}


async def _state(request: web.Request, language: str) -> dict[str, Any]:
    console = console_of(request)
    now = await read_now(console.connection, person(request), within=QUERY_SECONDS)
    return as_json(now, partial(console.pages.text, language))

"""Now: what is wrong and what mends it, who serves, what waits; of several shards a block for each."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from ops.console.answers import data, page
from ops.console.context import QUERY_SECONDS, Console, console_of, consoles_of, person
from ops.console.data.now import as_json, read_now


async def now_data(request: web.Request) -> web.Response:
    """Return the state as JSON: of one shard, or the list `shards` where there are several and none is named."""
    states = await _states(request, partial(console_of(request).pages.text, "en"))
    if len(states) == 1:
        return data(states[0][1])
    return data({"shards": [{"shard": shard, **state} for shard, state in states]})


async def now_page(request: web.Request) -> web.Response:
    """Return the page, which its script keeps up to date."""
    return page(request, "now.html", **await _values(request))


async def now_part(request: web.Request) -> web.Response:
    """Return the part of the page that changes."""
    return page(request, "now_blocks.html", **await _values(request))


async def _values(request: web.Request) -> dict[str, Any]:
    console = console_of(request)
    await console.accounts.all()
    states = await _states(request, partial(console.pages.markup, console.pages.language(request)))
    return {"states": states, "name_of": console.accounts.name, "shards": []}


async def _states(request: web.Request, text: Callable[..., str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the state of each shard that the request is of, with its name, which is empty where there is one.

    `text` words its problems.
    """

    async def read(console: Console) -> tuple[str, dict[str, Any]]:
        now = await read_now(console.connection, person(request), within=QUERY_SECONDS)
        return console.shard.name, as_json(now, text)

    return list(await asyncio.gather(*map(read, consoles_of(request))))

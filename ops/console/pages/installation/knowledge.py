"""Knowledge of an account: sources, versions, what is cited, and a search."""

from typing import Any

from aiohttp import web

from ops.console.answers import data, refuse
from ops.console.context import console_of
from ops.console.data.installation.knowledge import SearchFailed, read_cited, read_knowledge, search
from ops.console.pages.installation.view import View, account_of, names_of_accounts

_LONGEST = 1_000


async def _read(request: web.Request) -> dict[str, Any]:
    account, connection = await account_of(request), console_of(request).connection
    if account is None:
        return {"account": None, "accounts": await names_of_accounts(request)}
    found = await read_knowledge(connection, account.key)
    return {"account": account.key, **found, "cited": await read_cited(connection, account.key), "hits": None}


async def _read_with_hits(request: web.Request) -> dict[str, Any]:
    question = await _question(request)
    return {**await _read(request), "question": question, "hits": await _hits(request, question)}


knowledge = View("knowledge.html", _read)
_searched = View("knowledge.html", _read_with_hits, seconds=30.0)


async def search_page(request: web.Request) -> web.Response:
    """Search, and show the page with what was found."""
    try:
        return await _searched.page(request)
    except SearchFailed as error:
        return await knowledge.shown(request, str(error), failed=True)


async def search_data(request: web.Request) -> web.Response:
    """Search, and return what was found, as `chatwootai knowledge search` prints it."""
    try:
        return data({"hits": await _hits(request, await _question(request))})
    except SearchFailed as error:
        return refuse(request, 409, str(error))


async def _question(request: web.Request) -> str:
    question = str((await request.post()).get("question", "")).strip()[:_LONGEST]
    if not question or "\x00" in question:
        raise web.HTTPBadRequest
    return question


async def _hits(request: web.Request, question: str) -> list[dict[str, Any]]:
    environment, account = console_of(request).environment, await account_of(request)
    if account is None:
        raise web.HTTPBadRequest
    return await search(environment.config, environment.redis_url, account.key, question)

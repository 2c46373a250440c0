"""Knowledge of an account: sources, versions, what is cited, and a search."""

import asyncio
from typing import Any

from aiohttp import web

from chatwootai.telemetry import log
from ops.access import CommandError, NotFound, acting
from ops.console.answers import data, refuse
from ops.console.context import console_of, person
from ops.console.data.installation.knowledge import SearchFailed, read_cited, read_knowledge, search
from ops.console.data.query import BadQuery, read_number
from ops.console.pages.installation.view import View, account_of, actor, done, names_of_accounts
from ops.versions.knowledge import roll_back

_LONGEST = 1_000
_SECONDS = 3.0
_log = log.get("console")


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


async def rollback_page(request: web.Request) -> web.Response:
    """Put an earlier `version` of an account's knowledge in force, and go to the page, which says so."""
    status, told = await _roll_back(request)
    if status in {400, 404}:
        return refuse(request, status, told)
    return await (done(request, "/knowledge", told) if status == 200 else knowledge.shown(request, told, failed=True))


async def rollback_data(request: web.Request) -> web.Response:
    """Do the same; what was done, as JSON."""
    status, told = await _roll_back(request)
    return data({"done": told}) if status == 200 else refuse(request, status, told)


async def _roll_back(request: web.Request) -> tuple[int, str]:
    """Return an HTTP status, and what was done or why not."""
    try:
        version = read_number(await _form(request), "version")
        account = await account_of(request)
        if account is None or version is None:
            return 400, "an account, and version: a number of those that are kept"
        with acting(actor(request)):
            async with asyncio.timeout(_SECONDS):
                wanted, before = await roll_back(console_of(request).connection, account.key, version)
    except (NotFound, BadQuery) as error:
        return (404 if isinstance(error, NotFound) else 400), str(error)
    except CommandError as error:
        return 409, str(error)
    _log.info("console_knowledge_rolled_back", account=account.key, version=version, by=person(request).name)
    return 200, f"version {wanted} is in force, in place of {before}; the next ingest makes a newer one"


async def _form(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}


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

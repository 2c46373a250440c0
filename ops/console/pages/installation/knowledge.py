"""Knowledge of an account: sources, versions, what is cited, and a search."""

import asyncio
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatwootai.telemetry import log
from ops.access import CommandError, NotFound, acting
from ops.console.answers import data, refuse
from ops.console.context import console_of, person
from ops.console.data.installation.knowledge import SearchFailed, read_cited, read_knowledge, search
from ops.console.data.query import BadQuery, read_number
from ops.console.notices import outcome, with_query_of_form
from ops.console.pages.installation.view import View, account_key, account_of, actor, names_of_accounts
from ops.console.pages.kept_results import kept_result, to_result
from ops.versions.knowledge import roll_back

_LONGEST = 1_000
_SECONDS = 3.0
_SEARCH_SECONDS = 30.0
_log = log.get("console")


async def _read_page(request: web.Request) -> dict[str, Any]:
    account, connection = await account_of(request), console_of(request).connection
    if account is None:
        return {"account": None, "accounts": await names_of_accounts(request)}
    found = await read_knowledge(connection, account.key)
    searched = kept_result(request, account.key)
    cited = await read_cited(connection, account.key)
    return {"account": account.key, **found, "cited": cited, "hits": None, **searched}


knowledge = View("knowledge.html", _read_page)


async def search_page(request: web.Request) -> web.Response:
    """Search, and go to the page with what was found."""
    question = await _question(request)
    try:
        async with asyncio.timeout(_SEARCH_SECONDS):
            hits = await _hits(request, question)
    except (SearchFailed, NotFound) as error:
        return await knowledge.shown(request, wrong=str(error), asked={"question": question})
    account = account_key(request) or ""
    found = {"question": question, "hits": hits}
    return to_result(request, account, found, f"/knowledge?account={quote(account, safe='')}")


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
    to = await with_query_of_form(request, "/knowledge")
    return outcome(request, to, "configuration.rollback", [told], done=status == 200)


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

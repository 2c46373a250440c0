"""Access and audit: who may enter, who is in, and what people did."""

from typing import Any

from aiohttp import web

from chatwootai.telemetry import log
from ops.access import NotFound
from ops.console.context import console_of, first_console, person
from ops.console.data.installation.people import read_audit, read_chain, read_people, revoke
from ops.console.data.query import read_word
from ops.console.notices import outcome, with_query_of_form
from ops.console.pages.installation.view import View, account_key, actor

_log = log.get("console")


async def _read_people_and_audit(request: web.Request) -> dict[str, Any]:
    connection, query = console_of(request).connection, request.query
    who, what = read_word(query, "who"), read_word(query, "what")
    return {
        "who": who,
        "what": what,
        "account": account_key(request),
        **await read_people(first_console(request).connection),
        "audit": await read_audit(connection, who, what, account_key(request)),
        "chain": await read_chain(connection) if query.get("chain") == "1" else None,
    }


access = View("access.html", _read_people_and_audit)


async def revoke_page(request: web.Request) -> web.Response:
    """Revoke a token or end a session, and go to the page, which says so."""
    kind, name = request.match_info["kind"], str((await request.post()).get("id", ""))
    if kind not in {"tokens", "sessions"}:
        raise web.HTTPNotFound
    to, what = await with_query_of_form(request, "/access"), "access.revoke" if kind == "tokens" else "access.end"
    try:
        await revoke(first_console(request).connection, kind, name, actor(request))
    except NotFound as error:
        return outcome(request, to, what, [str(error)], done=False)
    _log.info("console_revoked", kind=kind, id=name, by=person(request).name)
    return outcome(request, to, what, [name], done=True)

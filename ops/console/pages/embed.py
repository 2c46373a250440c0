"""The conversation's page inside Chatwoot, as a Dashboard App: read there, acted upon in the console."""

import asyncio
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatwootai.telemetry import log
from ops.console.access.login import identity_of
from ops.console.answers import page
from ops.console.context import QUERY_SECONDS, console_of
from ops.console.data.conversation import read_conversation
from ops.console.pages.conversation import conv_of, shown_conversation

_log = log.get("console")


async def waiting_page(request: web.Request) -> web.Response:
    """Return the page that waits for Chatwoot to say which conversation is open."""
    return await _page(request, "embed.html", number=0, conv="", known=None)


async def conversation_page(request: web.Request) -> web.Response:
    """Return the page of a conversation: its turns, without what was said, which Chatwoot shows beside it."""
    conv = conv_of(request)
    async with asyncio.timeout(QUERY_SECONDS):
        found = await read_conversation(console_of(request).connection, conv)
    language = console_of(request).pages.language(request)
    known = shown_conversation(request, found, language) if found else None
    return await _page(request, "embed.html", number=int(conv.rpartition(":")[2]), conv=conv, known=known)


async def login_page(request: web.Request) -> web.Response:
    """Return the page on which a token is typed, inside Chatwoot."""
    return await _page(request, "embed_login.html", number=0, wrong=False, wait=0)


async def log_in(request: web.Request) -> web.Response:
    """Open a session for the pages inside Chatwoot, by a cookie that a browser keeps for this Chatwoot alone."""
    console, peer, account = console_of(request), request.remote or "", request.match_info["account"]
    form = await request.post()
    if wait := console.failed.wait_seconds(peer):
        answer = await _page(request, "embed_login.html", 429, number=0, wrong=True, wait=wait)
        answer.headers["Retry-After"] = str(wait)
        return answer
    token = await console.login.check(str(form.get("token", "")).strip())
    who = identity_of(token) if token else None
    if who is None or not who.sees(account):
        console.failed.note(peer)
        _log.warning("console_login_failed", peer=peer)
        return await _page(request, "embed_login.html", 401, number=0, wrong=True, wait=0)
    answer = web.Response(status=303, headers={"Location": f"/embed/{quote(account, safe='')}"})
    await console.login.open_embedded(answer, who)
    _log.info("console_login", by=who.name, role=who.role.value, account=who.account, embedded=True)
    return answer


async def _page(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    console, account = console_of(request), request.match_info["account"]
    found = (await console.accounts.all()).get(account)
    conv = str(values.get("conv") or "")
    named = quote(account, safe="")
    return page(
        request,
        template,
        status,
        account=account,
        origin=console.accounts.origin(account),
        chatwoot=found.id if found else "",
        outside=f"/conversations/{named}/{conv.rpartition(':')[2]}",
        teach=f"/teach/{named}",
        cases=f"/cases/{named}",
        **values,
    )

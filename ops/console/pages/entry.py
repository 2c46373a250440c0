"""Logging in and out, the language, and what pages are made of: all that a person may have who is not logged in."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from chatwootai.stores.operators.console_sessions import SESSION_SECONDS
from chatwootai.telemetry import log
from ops.console.access.chatwoot_login import SESSION_SECONDS as CHATWOOT_SECONDS
from ops.console.access.chatwoot_login import administrator
from ops.console.access.identity import Identity
from ops.console.access.login import identity_of
from ops.console.access.oidc import PENDING_SECONDS, Pending
from ops.console.access.provider import OidcFailed
from ops.console.answers import page
from ops.console.context import console_of, first_console, path_of
from ops.console.view.assets import assets
from ops.console.view.pages import LANGUAGE_COOKIE
from ops.console.view.texts import LANGUAGES

_LOCAL: Final = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f\x7f]{0,1000}")
_LONGEST_TOKEN: Final = 200
_YEAR: Final = 365 * 86_400
_log = log.get("console")


async def login_page(request: web.Request) -> web.Response:
    """Return the page on which a token is typed."""
    return _login(request, after=_local(request.query.get("next", "/")), wrong=False, wait=0)


def _login(request: web.Request, status: int = 200, **values: Any) -> web.Response:
    console = console_of(request)
    ways: dict[str, Any] = {"by_chatwoot": console.environment.chatwoot_login, "by_oidc": console.oidc is not None}
    return page(request, "login.html", status, **ways, **values)


async def to_provider(request: web.Request) -> web.Response:
    """Send the browser to the company's own login."""
    console = console_of(request)
    if console.oidc is None:
        raise web.HTTPNotFound
    try:
        address, pending = await console.oidc.begin(_local(request.query.get("next", "/")))
    except OidcFailed as error:
        return _not_logged_in(request, error)
    answer = web.Response(status=303, headers={"Location": address})
    console.login.keep_pending(answer, pending.packed(), PENDING_SECONDS)
    return answer


async def from_provider(request: web.Request) -> web.Response:
    """Open a session for whom the company's login names, and go where they wanted to."""
    console = console_of(request)
    if console.oidc is None:
        raise web.HTTPNotFound
    pending = Pending.unpacked(console.login.pending(request))
    try:
        who = await console.oidc.end(request.query, pending)
    except OidcFailed as error:
        answer = _not_logged_in(request, error)
    else:
        answer = web.Response(status=303, headers={"Location": _local(pending.after if pending else "/")})
        await console.login.open(answer, who, SESSION_SECONDS)
        _log.info("console_login", by=who.name, role=who.role.value, account=who.account)
    console.login.forget_pending(answer)
    return answer


def _not_logged_in(request: web.Request, error: OidcFailed) -> web.Response:
    _log.warning("console_login_failed", peer=request.remote or "", error=str(error))
    return _login(request, 401, after="/", wrong=True, wait=0)


async def log_in(request: web.Request) -> web.Response:
    """Open a session for a token that was typed, and go where its holder wanted to."""
    console, peer = console_of(request), request.remote or ""
    form = await request.post()
    after = _local(str(form.get("next", "/")))
    if wait := console.failed.wait_seconds(peer):
        answer = _login(request, 429, after=after, wrong=False, wait=wait)
        answer.headers["Retry-After"] = str(wait)
        return answer
    who, seconds = await _who(request, form)
    if who is None:
        console.failed.note(peer)
        _log.warning("console_login_failed", peer=peer)
        return _login(request, 401, after=after, wrong=True, wait=0)
    answer = web.Response(status=303, headers={"Location": after})
    await console.login.open(answer, who, seconds)
    _log.info("console_login", by=who.name, role=who.role.value, account=who.account)
    return answer


async def _who(request: web.Request, form: Mapping[str, Any]) -> tuple[Identity | None, float]:
    """Return whom a form stands for, and how long its session may last: by a token of ours, or one of Chatwoot's."""
    console = console_of(request)
    theirs = str(form.get("chatwoot_token", "")).strip()
    if theirs and console.environment.chatwoot_login and len(theirs) <= _LONGEST_TOKEN and theirs.isascii():
        wanted = str(form.get("account", "")).strip()
        found = await administrator(theirs, (await console.accounts.all()).values())
        return next((one for one in found if wanted in {"", one.account}), None), CHATWOOT_SECONDS
    token = await console.login.check(str(form.get("token", "")).strip())
    return (identity_of(token) if token else None), SESSION_SECONDS


async def log_out(request: web.Request) -> web.Response:
    """End the session."""
    answer = web.Response(status=303, headers={"Location": "/login"})
    await console_of(request).login.close(request, answer)
    return answer


async def choose_language(request: web.Request) -> web.Response:
    """Remember the language of this browser, and go back to the page."""
    form = await request.post()
    answer = web.Response(status=303, headers={"Location": _local(str(form.get("next", "/")))})
    language = str(form.get("language", ""))
    if language in LANGUAGES:
        path = first_console(request).login.path
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, httponly=True, samesite="Lax", path=path)
    return answer


def asset_routes() -> list[tuple[str, bytes, str]]:
    """Return the path, the content and the type of each asset."""
    return [(one.path, one.body, one.content_type) for one in assets().values()]


async def asset(request: web.Request) -> web.Response:
    """Return an asset; its name changes with its content, so it may be kept for ever."""
    for path, body, content_type in asset_routes():
        if path == path_of(request):
            headers = {"Cache-Control": "public, max-age=31536000, immutable"}
            return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
    raise web.HTTPNotFound


def _local(after: str) -> str:
    """Return where to go next: a path of ours, never another site's."""
    return after if _LOCAL.fullmatch(after) and not after.startswith("/login") else "/"

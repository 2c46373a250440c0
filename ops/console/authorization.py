"""Authorizes every request: who may do what is decided here alone, before any handler, whatever the path."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import quote

from aiohttp import web

from chatwootai.stores.server.connection import StoreMisused, StoreUnavailable
from chatwootai.telemetry import log
from ops.access import on_shard
from ops.console.access.identity import Identity, Right
from ops.console.access.login import EMBEDDED
from ops.console.access.same_origin import SAFE_METHODS, comes_from_elsewhere
from ops.console.answers import is_data, refuse
from ops.console.context import CHOSEN_SHARD, IDENTITY, RIGHTS, account_named, choose_console, first_console, path_of
from ops.console.environment import below_base

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_log = log.get("console")


@web.middleware
async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request, or refuse it, with strict headers either way."""
    try:
        response = await _answer(request, handler)
    except web.HTTPException as error:
        response = refuse(request, error.status)
    except (StoreUnavailable, TimeoutError) as error:
        _log.warning("console_without_redis", error=str(error))
        response = refuse(request, 503)
    except StoreMisused as error:
        _log.error("console_failed", path=request.match_info.route.name, error=str(error))
        response = refuse(request, 503)
    except Exception:  # noqa: BLE001 - whatever it is, the log has it, and the answer has its strict headers
        _log.exception("console_failed", path=request.match_info.route.name)
        response = refuse(request, 500)
    for name, value in _headers(request).items():
        response.headers.setdefault(name, value)
    if response.headers.get("Location", "").startswith("/"):  # handlers know nothing of the base path
        response.headers["Location"] = first_console(request).environment.base_path + response.headers["Location"]
    return response


def _headers(request: web.Request) -> Mapping[str, str]:
    """Return the headers of an answer: what is for Chatwoot's frame may be shown there, and nowhere else."""
    account = request.match_info.get("account")
    if account is None or not path_of(request).startswith(EMBEDDED):
        return HEADERS
    origin = first_console(request).accounts.origin(account)
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", f"frame-ancestors {origin}")
    return {**HEADERS, "Content-Security-Policy": policy}


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    right = _right(request)
    foreign = request.method not in SAFE_METHODS and comes_from_elsewhere(
        request, first_console(request).environment.public_url
    )
    if right is not None and right.public:
        return refuse(request, 403) if foreign else await handler(request)
    who = await first_console(request).login.who(request)
    if who is None:
        return _to_login(request)
    request[IDENTITY] = who
    if right is None:
        return _refuse_missing(request)
    if not all(map(who.sees, _accounts(request))):
        return refuse(request, 404)
    if foreign or not _may(who, right):
        return refuse(request, 403)
    return await _answer_on_shard(request, handler)


async def _answer_on_shard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer from the shard of the account, or from the chosen one, which is remembered for the next pages."""
    console = await choose_console(request, account_named(request))
    with on_shard(console.shard, alone=True):
        response = await handler(request)
    if request.query.get("shard") and not is_data(request) and not response.prepared:
        response.set_cookie(
            CHOSEN_SHARD, console.shard.name, httponly=True, samesite="Lax", path=first_console(request).login.path
        )
    return response


def _right(request: web.Request) -> Right | None:
    """Return the right that the request's route asks for; None where there is no such route."""
    resource = request.match_info.route.resource
    return request.app[RIGHTS].get((request.method, resource.canonical)) if resource else None


def _refuse_missing(request: web.Request) -> web.Response:
    """Refuse what no route takes, with the methods that its address takes where it is the method's fault."""
    error = request.match_info.http_exception
    response = refuse(request, error.status if error is not None else 404)
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _accounts(request: web.Request) -> list[str]:
    """Return the accounts that a request names, in its path or its query."""
    named = request.match_info.get("account")
    return [each for each in ([named] if named is not None else []) + request.query.getall("account", []) if each]


def _may(who: Identity, right: Right) -> bool:
    return who.role.rank >= right.role.rank


def _to_login(request: web.Request) -> web.Response:
    if path_of(request).startswith("/api/"):
        return refuse(request, 401)
    if path_of(request).startswith(EMBEDDED) and (account := request.match_info.get("account")):
        return web.Response(status=303, headers={"Location": f"{EMBEDDED}{quote(account, safe='')}/login"})
    here = below_base(first_console(request).environment.base_path, request.path_qs)
    after = f"?next={quote(here, safe='')}" if request.method == "GET" and here != "/" else ""
    return web.Response(status=303, headers={"Location": f"/login{after}"})

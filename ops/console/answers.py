"""Makes answers: JSON under /api/, pages elsewhere, refusals of either kind in the words of the viewer's language."""

from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from ops.console.access.same_origin import SAFE_METHODS
from ops.console.context import CONSOLES, RIGHTS, account_named, console_of, first_console, identity_of_request, path_of
from ops.console.environment import below_base
from ops.console.notices import Notice, forget_notice, notice_for


def is_data(request: web.Request) -> bool:
    """Tell whether data is asked for rather than a page."""
    return path_of(request).startswith("/api/")


def data(content: Any, status: int = 200) -> web.Response:
    """Return an answer of JSON. Whole numbers beyond 2^53 are strings: a browser would round them."""
    body = orjson.dumps(_exact(content), option=orjson.OPT_NON_STR_KEYS)
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def page(
    request: web.Request, template: str, status: int = 200, *, notice: Notice | None = None, **values: Any
) -> web.Response:
    """Return a page, in the language that the request asks for. `notice`: what stands above it.

    Without one it says what a form has just done, where that led here.
    """
    told = notice_for(request) if request.method in SAFE_METHODS else None
    pages = console_of(request).pages
    shards = [] if account_named(request) is not None else [*request.app[CONSOLES].keys()]
    several = {
        "shards": shards if len(shards) > 1 else [],
        "shard": console_of(request).shard.name,
        "shard_page": _page_of(request),
        "here": _here(request),
    }
    who = identity_of_request(request)
    shown = {**several, "notice": notice or told, **values}
    body = pages.render(template, pages.language(request), request, who, shown)
    answer = web.Response(text=body, status=status, content_type="text/html", charset="utf-8")
    if told is not None:
        forget_notice(request, answer)
    return answer


def _here(request: web.Request) -> str:
    """Return the address of the page that is shown, below the base path."""
    if request.method in SAFE_METHODS:
        return below_base(first_console(request).environment.base_path, request.path_qs)
    return quote(_page_of(request)) + (f"?{request.query_string}" if request.query_string else "")


def _page_of(request: web.Request) -> str:
    """Return the path of the page that is shown: the one asked for, or the one that a form was sent from."""
    path, resource = path_of(request), request.match_info.route.resource
    if request.method in SAFE_METHODS or resource is None:
        return path
    route = resource.canonical
    while route.count("/") > 1 and ("GET", route) not in request.app[RIGHTS]:
        route, path = route.rpartition("/")[0], path.rpartition("/")[0]
    return path


def refuse(request: web.Request, status: int, detail: str = "") -> web.Response:
    """Return a refusal with its reason: JSON under /api/, a page elsewhere. `detail`: more words, which are shown."""
    key = f"error.{status}" if status in {400, 401, 403, 404, 405, 413, 429, 500, 503} else "error.400"
    if is_data(request):
        said = console_of(request).pages.text("en", key)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        answer = data({"error": detail or said}, status)
        answer.headers.update(headers or {})
        return answer
    return page(request, "error.html", status, code=status, key=key, detail=detail)


_EXACT = 2**53


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str | float):
        return value
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else str(value)
    if isinstance(value, dict):
        return {name: _exact(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(one) for one in value]
    return value

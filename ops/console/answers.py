"""Makes answers: JSON under /api/, pages elsewhere, refusals of either kind in the words of the viewer's language."""

from typing import Any

import orjson
from aiohttp import web

from ops.console.access.same_origin import SAFE_METHODS
from ops.console.context import CONSOLES, account_named, console_of, identity_of_request, path_of


def is_data(request: web.Request) -> bool:
    """Tell whether data is asked for rather than a page."""
    return path_of(request).startswith("/api/")


def data(content: Any, status: int = 200) -> web.Response:
    """Return an answer of JSON. Whole numbers beyond 2^53 are strings: a browser would round them."""
    body = orjson.dumps(_exact(content), option=orjson.OPT_NON_STR_KEYS)
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def page(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    """Return a page, in the language that the request asks for."""
    pages = console_of(request).pages
    shards = [] if account_named(request) is not None else [*request.app[CONSOLES].keys()]
    several = {
        "shards": shards if len(shards) > 1 else [],
        "shard": console_of(request).shard.name,
        "shard_page": _page_of(request),
    }
    who = identity_of_request(request)
    body = pages.render(template, pages.language(request), request, who, {**several, **values})
    return web.Response(text=body, status=status, content_type="text/html", charset="utf-8")


def _page_of(request: web.Request) -> str:
    """Return the page of which a shard may be chosen: the one asked for, or the one that a form was sent from."""
    path = path_of(request)
    return path if request.method in SAFE_METHODS else f"/{path.split('/')[1]}"


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

"""Serves the page and what it is made of, with strict headers; nothing comes from elsewhere."""

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Final

from aiohttp import web

_TYPES: Final = {
    "index.html": "text/html",
    "page.js": "text/javascript",
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def routes() -> list[web.RouteDef]:
    """Return the page and what it is made of."""
    parts = [name for name in _TYPES if name != "index.html"]
    return [web.get("/", _file("index.html")), *(web.get(f"/sandbox/page/{name}", _file(name)) for name in parts)]


def _file(name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        body = resources.files(__package__).joinpath(name).read_bytes()
        return web.Response(body=body, content_type=_TYPES[name], charset="utf-8", headers=HEADERS)

    return serve

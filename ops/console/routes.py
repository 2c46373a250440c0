"""Every route, with the right that it asks for: one table, which the guard and the tests read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from ops.console.access.identity import ANYBODY, Right, Role
from ops.console.pages import entry, now

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_VIEWER = Right(Role.VIEWER)
_LEAD = Right(Role.LEAD)


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, as aiohttp reads it, with its handler and the right that it asks for."""

    method: str
    path: str
    handler: Handler
    right: Right


def routes() -> list[Route]:
    """Return all routes."""
    return [
        Route("GET", "/login", entry.login_page, ANYBODY),
        Route("POST", "/login", entry.log_in, ANYBODY),
        Route("POST", "/language", entry.choose_language, ANYBODY),
        *(Route("GET", path, entry.asset, ANYBODY) for path, _, _ in entry.asset_routes()),
        Route("POST", "/logout", entry.log_out, _VIEWER),
        Route("GET", "/", now.now_page, _VIEWER),
        Route("GET", "/parts/now", now.now_part, _VIEWER),
        Route("GET", "/api/now", now.now_data, _VIEWER),
    ]

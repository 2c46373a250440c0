"""Parts that the handlers share, and the person behind a request."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from chatwootai.stores.operators.worker_requests import Requests
from chatwootai.stores.server.connection import Connection
from ops.console.access.failed_logins import FailedLogins
from ops.console.access.identity import Identity
from ops.console.access.login import Login
from ops.console.access.oidc import Oidc
from ops.console.data.accounts import Accounts
from ops.console.environment import Environment
from ops.console.view.pages import Pages

QUERY_SECONDS: Final = 0.5
"""Seconds after which a block of a page says that it failed: the message path has Redis to itself again."""


@dataclass(frozen=True, slots=True)
class Console:
    """One console: its connection, and what handlers do their work with."""

    environment: Environment
    connection: Connection
    login: Login
    oidc: Oidc | None
    failed: FailedLogins
    accounts: Accounts
    pages: Pages
    requests: Requests


CONSOLE: Final = web.AppKey("console", Console)
IDENTITY: Final = web.RequestKey("identity", Identity)


def console_of(request: web.Request) -> Console:
    """Return the console that a request came to."""
    return request.app[CONSOLE]


def identity_of_request(request: web.Request) -> Identity | None:
    """Return the person behind a request; None on pages that need no login."""
    return request.get(IDENTITY)


def person(request: web.Request) -> Identity:
    """Return the person behind a request that needs a login."""
    return request[IDENTITY]

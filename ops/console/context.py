"""Parts that the handlers share, and the person behind a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from chatwootai.stores.operators.worker_requests import Requests
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.shards import Shard, UnknownShard
from ops.console.access.failed_logins import FailedLogins
from ops.console.access.identity import Identity, Right
from ops.console.access.login import Login
from ops.console.access.oidc import Oidc
from ops.console.data.accounts import Accounts
from ops.console.data.installation.gate_runs import GateRuns
from ops.console.environment import Environment, below_base
from ops.console.results import Results
from ops.console.view.pages import Pages

QUERY_SECONDS: Final = 0.5
"""Seconds after which a block of a page says that it failed: the message path has Redis to itself again."""


@dataclass(frozen=True, slots=True)
class Console:
    """One console on one shard: its connection, and what handlers do their work with. `login`: on the first shard."""

    environment: Environment
    shard: Shard
    connection: Connection
    login: Login
    oidc: Oidc | None
    failed: FailedLogins
    accounts: Accounts
    pages: Pages
    requests: Requests
    results: Results
    gates: GateRuns


CONSOLES: Final = web.AppKey("consoles", Mapping[str, Console])
"""By the names of their shards, in their order; the first has the tokens and sessions."""
RIGHTS: Final = web.AppKey("rights", Mapping[tuple[str, str], Right])
"""The right of each route, by its method and its path as it was declared."""
OF_SHARD: Final = web.RequestKey("console", Console)
CHOSEN_SHARD: Final = "chatwootai_shard"
"""Cookie of the shard that was chosen for pages that are of no account."""
IDENTITY: Final = web.RequestKey("identity", Identity)


def console_of(request: web.Request) -> Console:
    """Return the console of a request's shard: of its account, else the one that was chosen, else the first."""
    return request.get(OF_SHARD) or first_console(request)


def first_console(request: web.Request) -> Console:
    """Return the console of the first shard, where tokens and sessions are."""
    return next(iter(request.app[CONSOLES].values()))


async def choose_console(request: web.Request, account: str | None) -> Console:
    """Let a request be answered from the shard of an account, or where it names none from the chosen one; its console.

    Raises:
        HTTPNotFound: there is no shard of the name that it asks for.
    """
    consoles, first = request.app[CONSOLES], first_console(request)
    if len(consoles) == 1:
        return first
    if account is not None:
        request[OF_SHARD] = consoles[await _shard_of(first, account)]
    elif named := request.query.get("shard"):
        if named not in consoles:
            raise web.HTTPNotFound
        request[OF_SHARD] = consoles[named]
    else:
        request[OF_SHARD] = consoles.get(request.cookies.get(CHOSEN_SHARD, ""), first)
    return console_of(request)


async def _shard_of(console: Console, account: str) -> str:
    known = (await console.accounts.all()).get(account)
    shards = console.environment.all_shards
    try:
        return shards.of(account, known.shard if known else None).name
    except UnknownShard:  # a misspelt pin: what is looked for is not to be found there either
        return shards.of(account).name


def account_named(request: web.Request) -> str | None:
    """Return the account that a request is of: in its path, its query, or the only one of who asks; None: of all."""
    who = identity_of_request(request)
    own = who.account if who else None
    return request.match_info.get("account") or request.query.get("account") or own or None


def consoles_of(request: web.Request) -> list[Console]:
    """Return the consoles of all shards that a request is of: one where it is of an account, or names a shard."""
    if account_named(request) is not None or request.query.get("shard"):
        return [console_of(request)]
    return list(request.app[CONSOLES].values())


def identity_of_request(request: web.Request) -> Identity | None:
    """Return the person behind a request; None on pages that need no login."""
    return request.get(IDENTITY)


def person(request: web.Request) -> Identity:
    """Return the person behind a request that needs a login."""
    return request[IDENTITY]


def path_of(request: web.Request) -> str:
    """Return a request's path below the base path."""
    return below_base(first_console(request).environment.base_path, request.path)

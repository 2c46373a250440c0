"""The process: Redis, the accounts and HTTP brought up in order, and taken down in reverse."""

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from chatwootai.stores.operators.worker_requests import Requests
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.shards import Shard
from chatwootai.telemetry import log
from ops.access import CommandError
from ops.console.access.failed_logins import FailedLogins
from ops.console.access.identity import Right
from ops.console.access.login import Login
from ops.console.access.oidc import Oidc
from ops.console.access.proxy import Proxy
from ops.console.authorization import authorize
from ops.console.context import CONSOLES, QUERY_SECONDS, RIGHTS, Console
from ops.console.data.accounts import Accounts
from ops.console.data.installation.gate_runs import GateRuns
from ops.console.environment import Environment
from ops.console.results import Results
from ops.console.routes import Route, routes
from ops.console.view.pages import Pages

_LARGEST_BODY = 64 * 1024
_CONNECTIONS = 12
_SHUTDOWN_SECONDS = 5.0
_log = log.get("console")


class NoLogin(CommandError):
    """Others than this machine would reach the console, and there is no way to log in."""

    code = 2


async def serve(environment: Environment) -> int:
    """Listen until SIGTERM or SIGINT; always 0.

    Raises:
        NoLogin: it would listen beyond loopback, and nobody could log in.
        StoreUnavailable: it would listen beyond loopback, and Redis does not say whether anybody could log in.
        OSError: the address is taken, or none of this machine's.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        console = make_console(environment, _connection(stack, environment.all_shards.first))
        others = [
            on_another_shard(console, shard, _connection(stack, shard)) for shard in [*environment.all_shards][1:]
        ]
        await _serve_until(stop, console, others)
    return 0


def _connection(stack: AsyncExitStack, shard: Shard) -> Connection:
    connection = connect(shard.url, timeout=QUERY_SECONDS, retries=1, max_connections=_CONNECTIONS)
    stack.push_async_callback(connection.aclose)
    return connection


async def _serve_until(stop: asyncio.Event, console: Console, others: list[Console]) -> None:
    environment = console.environment
    runner = web.AppRunner(application(console, *others), **_server_settings(), shutdown_timeout=_SHUTDOWN_SECONDS)
    try:
        if not environment.loopback:
            await _check_login(console)
        await console.accounts.all()
        await runner.setup()
        await web.TCPSite(runner, environment.host, environment.port).start()
        _log.info("listening", host=runner.addresses[0][0], port=runner.addresses[0][1], process_id=os.getpid())
        await stop.wait()
    finally:
        await runner.cleanup()


def make_console(environment: Environment, connection: Connection) -> Console:
    """Return a console over a connection of its own, to the first shard."""
    return Console(
        environment=environment,
        shard=environment.all_shards.first,
        connection=connection,
        login=Login(connection, environment.public_url, Proxy.read(*environment.proxy), environment.base_path),
        oidc=Oidc.read(environment.oidc, environment.public_url, environment.base_path),
        failed=FailedLogins(),
        accounts=Accounts(environment.config),
        pages=Pages(environment.base_path),
        requests=Requests(connection),
        results=Results(),
        gates=GateRuns(environment.config),
    )


def on_another_shard(console: Console, shard: Shard, connection: Connection) -> Console:
    """Return a console over the same accounts, pages and logins, and another shard."""
    environment = replace(console.environment, redis_url=shard.url)
    requests = Requests(connection)
    return replace(console, environment=environment, shard=shard, connection=connection, requests=requests)


def application(console: Console, *others: Console) -> web.Application:
    """Return the application: every route of the table, authorized, at the root and below the base path.

    `others`: on the further shards.
    """
    app = web.Application(middlewares=[authorize], client_max_size=_LARGEST_BODY)
    app[CONSOLES] = {each.shard.name: each for each in (console, *others)}
    rights: dict[tuple[str, str], Right] = {}
    for base in sorted({"", console.environment.base_path}):
        for one in routes():
            _add_route(app, rights, one, base)
            if base and one.path == "/":
                _add_route(app, rights, replace(one, path=""), base)
    app[RIGHTS] = rights
    return app


def _add_route(app: web.Application, rights: dict[tuple[str, str], Right], one: Route, base: str) -> None:
    for method in ("GET", "HEAD") if one.method == "GET" else (one.method,):
        added = app.router.add_route(method, base + one.path, one.handler)
        canonical = added.resource.canonical if added.resource else base + one.path
        rights[method, canonical] = one.right


async def _check_login(console: Console) -> None:
    if console.login.proxy is not None or console.oidc is not None or console.environment.chatwoot_login:
        return
    if not any(not one.over for one in await console.login.tokens.all()):
        raise NoLogin(
            f"{console.environment.host} is reached by others than this machine, and nobody could log in: make a token "
            "first (`chatwootai console token add --role operator`), or listen on 127.0.0.1"
        )


def _server_settings() -> dict[str, Any]:
    server_log = logging.getLogger("aiohttp.server")
    server_log.addFilter(_drop_bad_requests)
    return {"logger": server_log, "access_log": None}


def _drop_bad_requests(record: logging.LogRecord) -> bool:
    """Keep what is no HTTP out of the log: aiohttp would write every byte that a stranger sends."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))

"""The process: configuration, Redis, journal and HTTP brought up in order and taken down in reverse."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NoReturn

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from chatwootai.stores.server.connection import connect
from chatwootai.telemetry import http, log, loop, metrics
from chatwootai.telemetry.descriptors import raise_limit
from chatwootai.telemetry.first_values import tell_door
from chatwootai.telemetry.tasks import ended, for_ever, owned
from config.live.live import Live
from config.snapshot import Account
from ingress import health
from ingress.connections import Connections, Site
from ingress.intakes import Intakes, examine_shards, open_intakes
from ingress.process.drain import Drain
from ingress.process.environment import MOST_CONNECTIONS, Environment
from ingress.webhook import WebhookHandler

_SHUTDOWN_SECONDS = 10.0
_JOURNAL_SECONDS = 10.0
_OTHER_FILES = 256
"""Descriptors that are not a stranger's: Redis, journals, logs, the configuration."""
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_log = log.get("ingress.server")
_HANDLER = web.AppKey("door", WebhookHandler)
_ADDRESS = "/webhooks/chatwoot/"
_bad_http = metrics.DELIVERIES.labels("refused", "bad_http")


def application(handler: WebhookHandler, intakes: Intakes, live: Live | None = None) -> web.Application:
    """Return the routes; `live` adds the configuration to what /readyz tells."""
    app = web.Application(middlewares=[handler.drain.closing])
    app[_HANDLER] = handler
    checks = {"process": handler.drain.check, **health.checks(intakes), **({"config": live.check} if live else {})}
    app.add_routes([web.post(_ADDRESS + "{account}", handler.handle), *http.routes(checks)])
    return app


async def serve(environment: Environment, environ: Mapping[str, str]) -> None:
    """Listen until SIGTERM or SIGINT; drain, then take no more, finish what is in flight, and let go.

    A second signal ends the drain.

    Raises:
        config.document.problems.ConfigurationError: the configuration is broken; nothing was started.
        chatwootai.stores.server.examination.CannotUse: Redis is there, and cannot be used as it is.
    """
    drain = Drain()
    tell_door()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, drain.request_stop)
    await examine_shards(environment)
    async with _configuration(environment, environ) as live, _beside(environment, live) as intakes:
        handler = WebhookHandler(live.snapshot, intakes, most_body=environment.most_body, drain=drain)
        live.listen(handler.replace)
        handler.replace(snapshot := live.snapshot)
        app = application(handler, intakes, live)
        most = max(64, min(environment.most_connections, raise_limit() - _OTHER_FILES))
        address = (environment.host, environment.port)
        async with listening(app, *address, handler.finish, Connections(most)) as (host, port):
            gc.collect()
            gc.freeze()  # what is loaded stays; collections look only at what requests leave behind
            _log.info("listening", host=host, port=port, accounts=len(snapshot.accounts), config=snapshot.digest[:12])
            await drain.wait(environment.drain)
            _log.info("stopping")
    _log.info("stopped")


def process_name() -> str:
    """Return the name of this door, as operators see it."""
    return f"ingress {socket.gethostname()}.{os.getpid()}"


@contextlib.asynccontextmanager
async def _configuration(environment: Environment, environ: Mapping[str, str]) -> AsyncIterator[Live]:
    """Return the configuration, kept up to date; over a connection of its own, since a whole one may take its time."""
    first, *others = (connect(shard.url, shard=shard.name) for shard in environment.shards)
    further = dict(zip(environment.shards.names[1:], others, strict=True))
    live = Live(environment.config, environ, first, process_name(), strict=environment.strict)
    live.join(further)
    try:
        await live.start()
        live.keep_to_itself()
        following = owned(asyncio.create_task(live.run()), "configuration")
        try:
            yield live
        finally:
            await ended(following)
    finally:
        for connection in (first, *others):
            await connection.aclose()


@contextlib.asynccontextmanager
async def _beside(environment: Environment, live: Live) -> AsyncIterator[Intakes]:
    """Open the intakes, and watch the event loop beside them."""

    def account_of(key: str) -> Account | None:
        return live.snapshot.account(key)  # of the configuration in force then

    watch = asyncio.create_task(for_ever(_watch_loop, "loop", pause=1.0))
    try:
        async with open_intakes(environment, process_name(), account_of) as intakes:
            yield intakes
    finally:
        await ended(watch)


async def _watch_loop() -> NoReturn:
    await loop.watch(contexts=False)  # a handler's tasks, one for each request, have nothing bound


@contextlib.asynccontextmanager
async def listening(
    app: web.Application,
    host: str,
    port: int,
    finish: Callable[[], Awaitable[None]] | None = None,
    connections: Connections | None = None,
) -> AsyncIterator[tuple[str, int]]:
    """Serve an application; gives the host and the port in use.

    At the end nothing more is accepted, and `finish` is awaited before connections are closed: aiohttp's own shutdown
    waits for handlers, but drops what they still have to read.
    Bodies are taken as they come: a compressed one is not unpacked before its signature was looked at.
    """
    debug = logging.getLogger("aiohttp.access").isEnabledFor(logging.DEBUG)
    server_log = logging.getLogger("aiohttp.server")
    server_log.addFilter(_drop_bad_requests)
    settings: dict[str, Any] = {
        "logger": server_log,
        "access_log": logging.getLogger("aiohttp.access") if debug else None,
        "auto_decompress": False,
        "lingering_time": 2.0,
        "keepalive_timeout": 75.0,
    }
    runner = web.AppRunner(app, **settings, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    if runner.server is not None and _HANDLER in app:
        runner.server.request_handler = _bypass_router(app[_HANDLER], runner.server.request_handler)
    connections = connections or Connections(MOST_CONNECTIONS)
    watch = owned(asyncio.create_task(connections.watch()), "connections")
    try:
        site = Site(runner, host, port, connections, settings)
        await site.start()
        address = runner.addresses[0]
        yield address[0], address[1]
        await site.stop()
        if finish:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SHUTDOWN_SECONDS):
                    await finish()
    finally:
        await ended(watch)
        await runner.cleanup()


def _bypass_router(handler: WebhookHandler, usual: Handler) -> Handler:
    """Webhooks of known accounts go to the handler at once; all else, and what is unusual, goes through the router."""

    def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        path = request.raw_path
        if request.method == "POST" and path.startswith(_ADDRESS) and hdrs.EXPECT not in request.headers:
            account = handler.snapshot.account(path[len(_ADDRESS) :])
            if account is not None:
                return handler.handle_for(request, account)
        return usual(request)

    return handle


def _drop_bad_requests(record: logging.LogRecord) -> bool:
    """Count what is no HTTP and keep it out of the log: aiohttp would write every byte that a stranger sends."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        _bad_http.inc()
        return False
    return True

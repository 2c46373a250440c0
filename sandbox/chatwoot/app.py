"""Puts the sandbox together as one aiohttp application, and serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from sandbox.chatwoot import files
from sandbox.chatwoot.api import contacts, conversations, directory, messages, portals, setup
from sandbox.chatwoot.app_context import APP_CONTEXT, AppContext, Trace
from sandbox.chatwoot.driver_api import customers, faults, queries, state, teammates
from sandbox.chatwoot.faults import Faults
from sandbox.chatwoot.page import serve as page
from sandbox.chatwoot.sending.carrier import Carrier
from sandbox.chatwoot.sending.webhooks import Dispatcher, Sending
from sandbox.chatwoot.world.world import World

_LARGEST_BODY = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox that listens at `url`."""

    url: str
    world: World
    app: web.Application


def create(
    world: World, *, trace: Trace | None = None, sending: Sending | None = None, carrier_delay: float = 0.02
) -> web.Application:
    """Make the application.

    Args:
        world: the records to serve; `seed.plant` fills one.
        trace: finds the steps of a turn by its id, for the page: {"steps": [[name, seconds], ...], ...} or None.
        sending: timeouts and waits of webhooks; Chatwoot's own by default.
        carrier_delay: seconds until a channel's provider reports on an outgoing message.
    """

    async def furnish(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            dispatcher = Dispatcher(world, session, sending=sending or Sending())
            app_context = AppContext(world, dispatcher, Carrier(world, carrier_delay), Faults(world.random), trace)
            app[APP_CONTEXT] = app_context
            listeners = (lambda event: state.watch(app_context, event), dispatcher.notice, app_context.carrier.notice)
            stops = [world.listen(listener) for listener in listeners]
            yield
            for stop in stops:
                stop()
            await app_context.carrier.close()
            await dispatcher.close()

    app = web.Application(client_max_size=_LARGEST_BODY)
    app.cleanup_ctx.append(furnish)
    for room in (
        messages,
        conversations,
        contacts,
        setup,
        directory,
        portals,
        customers,
        teammates,
        queries,
        faults,
        files,
        page,
    ):
        app.add_routes(room.routes())
    app.router.add_route("*", "/api/{rest:.*}", directory.nowhere)
    return app


@asynccontextmanager
async def serve(app: web.Application, world: World, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Served]:
    """Serve the application while the block runs; port 0 takes a free one."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, reuse_address=True).start()
        found = runner.addresses[0][1]
        yield Served(f"http://{host}:{found}", world, app)
    finally:
        await runner.cleanup()

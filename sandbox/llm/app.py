"""The server: OpenAI's addresses, and a driver's under /sandbox."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.llm import control
from sandbox.llm.errors import Refused, unauthorised
from sandbox.llm.server import Server, key_of
from sandbox.llm.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LARGEST = 32 * 1024 * 1024

SERVER = web.AppKey("server", Server)


def create(settings: Settings | None = None) -> web.Application:
    """Build the application. Serve it with `runner`, so that a client that leaves is noticed."""
    server = Server(settings or Settings())
    app = web.Application(client_max_size=_LARGEST, middlewares=[_guard])
    app[SERVER] = server
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_post("/v1/embeddings", server.embeddings)
    app.router.add_post("/v1/audio/transcriptions", server.transcribe)
    app.router.add_get("/v1/models", server.models)
    control.add(app.router, server)
    return app


def runner(settings: Settings | None = None) -> web.AppRunner:
    """Return what runs the application: handlers end when their client leaves, and at shutdown at once."""
    return web.AppRunner(create(settings), handler_cancellation=True, shutdown_timeout=0.1, access_log=None)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for a key where keys are set, and word every refusal as OpenAI does."""
    try:
        if request.path.startswith("/v1/"):
            _authorise(request, request.app[SERVER].settings.api_keys)
        return await handler(request)
    except Refused as refused:
        return refused.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return Refused(error.status, f"Invalid URL or method ({request.method} {request.path})").response()


def _authorise(request: web.Request, keys: tuple[str, ...]) -> None:
    given = key_of(request)
    if keys and given not in keys:
        raise unauthorised(given is not None)

"""`python -m bench.bare --port N`: the plain ways to take a webhook, as one would write them with aiohttp.

Alone, a handler that only says yes. With `--redis URL --secret S`, one that reads the body, checks its signature,
parses it and stores it with one write through redis-py.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import signal
from collections.abc import Awaitable, Callable

import uvloop
from aiohttp import web

from chatwootai.stores.server.connection import connect

_YES = b'{"status":"accepted"}'
Handler = Callable[[web.Request], Awaitable[web.Response]]


async def _yes(_request: web.Request) -> web.Response:
    return web.Response(body=_YES, content_type="application/json")


def _storing(url: str, secret: str) -> Handler:
    redis = connect(url)

    async def store(request: web.Request) -> web.Response:
        raw = await request.read()
        signed = request.headers["X-Chatwoot-Timestamp"].encode() + b"." + raw
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={digest}", request.headers["X-Chatwoot-Signature"]):
            return web.json_response({"error": "signature"}, status=401)
        conversation = json.loads(raw)["conversation"]["id"]
        await redis.rpush(f"bench:{conversation}", raw)  # type: ignore[misc]  # redis-py's types allow for both kinds
        return web.json_response({"status": "accepted"})

    return store


async def _serve(port: int, handler: Handler) -> None:
    app = web.Application()
    app.router.add_post("/webhooks/chatwoot/{account}", handler)
    app.router.add_get("/readyz", _yes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.bare")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--redis")
    parser.add_argument("--secret", default="")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_serve(given.port, _storing(given.redis, given.secret) if given.redis else _yes))

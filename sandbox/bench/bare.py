"""`python -m sandbox.bench.bare --port N`: the plain way to take a webhook, an aiohttp handler that only says yes."""

import argparse
import asyncio
import signal

import uvloop
from aiohttp import web

_YES = b'{"status":"accepted"}'


async def _yes(_request: web.Request) -> web.Response:
    return web.Response(body=_YES, content_type="application/json")


async def _serve(port: int) -> None:
    app = web.Application()
    app.router.add_post("/webhooks/chatwoot/{account}", _yes)
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
    parser = argparse.ArgumentParser(prog="python -m sandbox.bench.bare")
    parser.add_argument("--port", type=int, required=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_serve(parser.parse_args().port))

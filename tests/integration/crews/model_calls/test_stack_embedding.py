"""Embeddings end at their deadline, however an endpoint answers."""

import asyncio
import time

import pytest
from aiohttp import web

from crews.errors import ModelUnavailable
from crews.model_calls.call import Endpoint, Target
from crews.model_calls.endpoint.client import OpenAIClient


async def test_an_answer_that_comes_byte_by_byte_is_not_waited_for() -> None:
    """Each byte comes in time for a limit that counts from byte to byte; all of them never do."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    app = web.Application()
    app.router.add_post("/v1/embeddings", drip)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire = OpenAIClient()
    try:
        endpoint = Endpoint(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", "k")
        with pytest.raises(ModelUnavailable):
            async with asyncio.timeout(60):
                await wire.embed(Target(endpoint=endpoint, model="m"), ["text"], time.time() + 1)
    finally:
        await wire.aclose()
        await runner.cleanup()

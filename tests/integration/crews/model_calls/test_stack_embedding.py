"""Embeddings end at their deadline, however an endpoint answers."""

import asyncio
import base64
import gzip
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from crews.errors import ModelRefused, ModelUnavailable
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


@asynccontextmanager
async def endpoint(answer: Any) -> AsyncIterator[tuple[OpenAIClient, Target]]:
    app = web.Application()
    app.router.add_post("/v1/embeddings", answer)
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire = OpenAIClient()
    try:
        yield wire, Target(endpoint=Endpoint(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", "k"), model="m")
    finally:
        await wire.aclose()
        await runner.cleanup()


@pytest.mark.parametrize("status", [200, 400])
async def test_a_body_without_end_is_not_kept(status: int) -> None:
    """What is sent after the bound is never read: the endpoint notices that nobody listens."""
    gone = asyncio.Event()

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"[" * 65536)
        except (ConnectionError, asyncio.CancelledError):
            gone.set()
            raise

    async with endpoint(pour) as (wire, target):
        with pytest.raises((ModelUnavailable, ModelRefused)):
            await wire.embed(target, ["text"], time.time() + 60)
        async with asyncio.timeout(60):
            await gone.wait()


async def test_a_packed_body_is_bounded_as_it_is_unpacked() -> None:
    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"0" * 20_000_000), headers={"Content-Encoding": "gzip"})

    async with endpoint(bomb) as (wire, target):
        with pytest.raises(ModelUnavailable):
            await wire.embed(target, ["text"], time.time() + 60)


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"embedding": [1.0, 2.0]}]},
        {"data": [{"embedding": [[1.0, 2.0]], "index": 0}], "usage": {"total_tokens": "many"}},
        {"data": [{"embedding": base64.b64encode(struct.pack("<2f", 1, 2)).decode(), "index": "0"}], "usage": []},
    ],
)
async def test_vectors_in_every_shape(body: dict[str, Any]) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body)

    async with endpoint(answer) as (wire, target):
        assert (await wire.embed(target, ["text"], time.time() + 20)).vectors == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "body", [[], {}, {"data": ["x"]}, {"data": [{"embedding": "?"}]}, {"data": [{"embedding": None}]}, 7]
)
async def test_what_are_no_vectors(body: Any) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body)

    async with endpoint(answer) as (wire, target):
        with pytest.raises(ModelUnavailable):
            await wire.embed(target, ["text"], time.time() + 20)

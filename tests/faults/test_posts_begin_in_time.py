"""Who slept between asking for the right to post and posting says nothing: another may have said it meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import TryAgain


class Sleepy(aiohttp.TCPConnector):
    """Connects only after a while, as in a process that was stopped just then."""

    async def connect(self, *given: Any, **more: Any) -> Any:
        await asyncio.sleep(0.3)
        return await super().connect(*given, **more)


@asynccontextmanager
async def chatwoot(connector: aiohttp.TCPConnector, answer: int = 200) -> AsyncIterator[tuple[Chatwoot, list[bytes]]]:
    heard: list[bytes] = []

    async def store(request: web.Request) -> web.Response:
        heard.append(await request.read())
        return web.json_response({"id": 1}, status=answer)

    app = web.Application()
    app.router.add_post("/{path:.*}", store)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Chatwoot(session, url=url, account=1, bot_token="bot-secret-0123456789"), heard
    await runner.cleanup()


async def test_in_time_it_is_posted() -> None:
    async with chatwoot(aiohttp.TCPConnector()) as (client, heard):
        assert await client.create_message(1, "Olá", begin_by=time.time() + 10) == 1
        assert len(heard) == 1


async def test_too_late_it_is_not() -> None:
    async with chatwoot(aiohttp.TCPConnector()) as (client, heard):
        with pytest.raises(TryAgain):
            await client.create_message(1, "Olá", begin_by=time.time() - 0.01)
        assert heard == []


async def test_too_late_once_connected_it_is_not_either() -> None:
    async with chatwoot(Sleepy()) as (client, heard):
        with pytest.raises(TryAgain):
            await client.create_message(1, "Olá", begin_by=time.time() + 0.1)
        assert heard == []


async def test_no_second_attempt_begins_too_late() -> None:
    async with chatwoot(aiohttp.TCPConnector(), answer=429) as (client, heard):
        begun = time.time()
        with pytest.raises(TryAgain):
            await client.create_message(1, "Olá", begin_by=begun + 0.05)
        assert len(heard) == 1

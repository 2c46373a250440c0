"""An OpenAI-compatible endpoint on a real socket that records what it is sent and answers as a test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Body = dict[str, Any]
Answer = Callable[[Body], Awaitable[web.StreamResponse]]


class Recorder:
    """`bodies` and `keys` in order of arrival; `closed` counts requests that the client gave up."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.bodies: list[Body] = []
        self.keys: list[str] = []
        self.arrived = asyncio.Event()
        self.given_up = asyncio.Event()
        self.closed = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.arrived.set()
        try:
            return await self.answer(self.bodies[-1])
        except asyncio.CancelledError:
            self.closed += 1
            self.given_up.set()
            raise
        finally:
            self.in_flight -= 1


@asynccontextmanager
async def endpoint(answer: Answer) -> AsyncIterator[Recorder]:
    recorder = Recorder(answer)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", recorder.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield recorder
    finally:
        await runner.cleanup()


def completion(
    text: str | None, *, finish: str = "stop", calls: list[Body] | None = None, **usage: int
) -> web.Response:
    message: Body = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"], finish = calls, "tool_calls"
    counted = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, **usage}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "model-served"}
    return web.json_response({**head, "choices": [choice], "usage": counted})


def tool_call(name: str, arguments: str | Body, call_id: str = "call_1") -> Body:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": text}}


def last(body: Body) -> str:
    return str(body["messages"][-1]["content"])

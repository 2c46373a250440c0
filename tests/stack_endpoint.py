"""A sandbox LLM on a real socket in this process, and calls to it, for tests of the stack."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from crews.model_calls.call import BillingScope, Call, Endpoint, Policy, Target
from sandbox.llm.app import SERVER, runner
from sandbox.llm.faults import Fault, Kind
from sandbox.llm.server import Server
from sandbox.llm.settings import Settings


class Llm:
    """`url` ends in /v1; `server` is the sandbox LLM itself, with its counts and faults."""

    def __init__(self, url: str, server: Server) -> None:
        self.url = url
        self.server = server

    @property
    def requests(self) -> int:
        return self.server.stats.requests

    def fault(self, kind: Kind, **given: Any) -> None:
        self.server.faults.active.append(Fault(kind, **given))

    def target(self, model: str = "gpt-4o-mini", key: str = "k", **more: Any) -> Target:
        return Target(endpoint=Endpoint(self.url, key), model=model, **more)


@asynccontextmanager
async def sandbox_llm(**settings: Any) -> AsyncIterator[Llm]:
    serving = runner(Settings(**settings))
    await serving.setup()
    site = web.TCPSite(serving, "127.0.0.1", 0, backlog=1024)
    await site.start()
    port = serving.addresses[0][1]
    try:
        yield Llm(f"http://127.0.0.1:{port}/v1", serving.app[SERVER])
    finally:
        await serving.cleanup()


def call(target: Target, text: str = "Hello, where is the shop?", *, seconds: float = 30, **more: Any) -> Call:
    given: dict[str, Any] = {
        "max_tokens": 60,
        "payer": BillingScope("tenant"),
        "policy": Policy(hedge_local=True),
        **more,
    }
    return Call(
        target=target,
        messages=[{"role": "system", "content": "You are kind."}, {"role": "user", "content": text}],
        deadline=time.time() + seconds,
        **given,
    )

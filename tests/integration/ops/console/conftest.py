"""A console that listens, over a real Redis, with a token of each kind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from ops.console.environment import Environment
from ops.console.server import application, make_console

KINDS = {
    "viewer": ("viewer", None),
    "viewer of 1": ("viewer", "1"),
    "lead of 1": ("lead", "1"),
    "operator": ("operator", None),
}


@dataclass
class Desk:
    """A console at `url`, its Redis, and a token for each of `KINDS`."""

    url: str
    redis: Connection
    session: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)
    app: web.Application | None = None

    def bearer(self, kind: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[kind]}"} if kind in self.tokens else {}

    async def ask(
        self, path: str, kind: str = "", method: str = "GET", headers: dict[str, str] | None = None, **more: object
    ) -> tuple[int, str, aiohttp.ClientResponse]:
        sent = {**self.bearer(kind), **(headers or {})}
        async with self.session.request(
            method,
            self.url + path,
            headers=sent,
            allow_redirects=False,
            **more,  # type: ignore[arg-type]
        ) as answer:
            return answer.status, await answer.text(), answer

    async def send_form(
        self, path: str, kind: str, data: dict[str, str] | None = None
    ) -> tuple[str, str, aiohttp.ClientResponse]:
        """Send a form; the page that it leads to, that page's text, and its answer."""
        same = {"Sec-Fetch-Site": "same-origin"}
        status, text, answer = await self.ask(path, kind, "POST", same, data=data or {})
        assert (status, text) == (303, "")
        to = answer.headers["Location"]
        kept = "; ".join(f"{name}={one.value}" for name, one in answer.cookies.items())
        status, text, answer = await self.ask(to, kind, headers={"Cookie": kept})
        assert status in {200, 404}, text
        return to, text, answer


def wait_longer(patch: pytest.MonkeyPatch) -> None:
    """Have a console of this process wait a minute for what it gives up after half a second, on a busy machine."""
    limit = asyncio.timeout
    patch.setattr(asyncio, "timeout", lambda seconds: limit(seconds and max(seconds, 60.0)))


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_longer(monkeypatch)


@pytest.fixture
async def desk(redis: Connection, redis_server: Embedded, tmp_path: Path) -> AsyncIterator[Desk]:
    own = connect(redis_server.url, timeout=30.0)
    environment = Environment(config=tmp_path, redis_url=redis_server.url, host="127.0.0.1", port=0)
    app = application(make_console(environment, own))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        made = Desk(f"http://127.0.0.1:{runner.addresses[0][1]}", redis, session, app=app)
        for kind, (role, account) in KINDS.items():
            token, _ = await ConsoleTokens(redis).add(
                role=role, account=account, words=role != "viewer", name=kind, seconds=3600
            )
            made.tokens[kind] = token
        yield made
    await runner.cleanup()
    await own.aclose()

"""/healthz, /readyz and /metrics over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from chatwootai.telemetry import http
from chatwootai.telemetry.http import Check, Status

Answer = tuple[int, dict[str, object]]


@asynccontextmanager
async def serving(checks: http.Checks) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(http.routes(checks))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def ready(**checks: Callable[[], Awaitable[Check]]) -> Answer:
    async with serving(checks) as url, ClientSession() as session, session.get(f"{url}/readyz") as response:
        return response.status, await response.json()


def says(status: Status, **detail: object) -> Callable[[], Awaitable[Check]]:
    async def check() -> Check:
        return Check(status, detail)

    return check


async def raises() -> Check:
    raise ConnectionError("redis://:password@host")


async def hangs() -> Check:
    await asyncio.Event().wait()
    raise AssertionError


async def test_all_well() -> None:
    assert await ready(redis=says(Status.OK, ms=1)) == (
        200,
        {"status": "ok", "checks": {"redis": {"status": "ok", "ms": 1}}},
    )


@pytest.mark.parametrize(
    ("second", "status", "word"),
    [(Status.OK, 200, "ok"), (Status.DEGRADED, 200, "degraded"), (Status.UNAVAILABLE, 503, "unavailable")],
)
async def test_the_worst_check_decides(second: Status, status: int, word: str) -> None:
    answer = await ready(one=says(Status.OK), two=says(second))
    assert (answer[0], answer[1]["status"]) == (status, word)


async def test_a_check_that_raises_is_unavailable_and_tells_no_secret() -> None:
    status, body = await ready(redis=raises)
    assert (status, body["checks"]) == (503, {"redis": {"status": "unavailable", "error": "ConnectionError"}})


async def test_a_check_that_hangs_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CHECK_SECONDS", 0.05)
    assert (await ready(redis=hangs))[0] == 503


async def test_without_checks_a_process_is_ready() -> None:
    assert await ready() == (200, {"status": "ok", "checks": {}})


async def test_life_and_metrics() -> None:
    async with serving({}) as url, ClientSession() as session:
        async with session.get(f"{url}/healthz") as response:
            assert (response.status, await response.json()) == (200, {"status": "ok"})
        async with session.get(f"{url}/metrics") as response:
            assert response.headers["Content-Type"].startswith("text/plain")
            assert "# HELP chatwootai_step_seconds " in await response.text()

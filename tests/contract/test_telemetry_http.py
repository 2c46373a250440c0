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


@pytest.mark.parametrize("header", [None, "X-Forwarded-For", "Via", "Forwarded", "X-Real-IP"])
async def test_names_are_told_to_this_machine_alone_and_through_no_proxy(header: str | None) -> None:
    async def check() -> Check:
        return Check(Status.DEGRADED, {"kinds": {"model": 1}}, {"incidents": [{"account": "1"}]})

    headers = {header: "for=203.0.113.9"} if header else {}
    async with (
        serving({"incidents": check}) as url,
        ClientSession() as session,
        session.get(f"{url}/readyz", headers=headers) as response,
    ):
        said = (await response.json())["checks"]["incidents"]
    near = {} if header else {"incidents": [{"account": "1"}]}
    assert said == {"status": "degraded", "kinds": {"model": 1}, **near}


@pytest.mark.parametrize(
    ("address", "near"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.7", False), ("fe80::1%eth0", False),
     ("", False), (None, False)],
)  # fmt: skip
def test_this_machine_is_told_from_others(address: str | None, near: bool) -> None:
    assert http.is_loopback(address) is near

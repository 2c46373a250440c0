"""A proxy's word and Chatwoot's, where they are believed and where not; and a configuration put back."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from config.files.packing import pack
from config.files.sources import gather
from ops.console.access.proxy import Proxy
from ops.console.environment import BadEnvironment, Environment
from ops.console.server import NoLogin, _check_login, application, make_console
from sandbox.chatwoot import app as sandbox
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from tests.integration.ops.console.conftest import Desk

SECRET = "s" * 20
SAME = {"Sec-Fetch-Site": "same-origin"}
NAMED = {"X-Forwarded-User": "ana@shop.example", "X-Forwarded-Groups": "ops-all, leads", "X-Console-Secret": SECRET}
Start = Callable[[Environment], Awaitable[Desk]]


@pytest.fixture
async def start(redis: Connection, redis_server: Embedded) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def started(environment: Environment) -> Desk:
            own = connect(redis_server.url, timeout=30.0)
            runner = web.AppRunner(application(make_console(environment, own)), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            stack.push_async_callback(own.aclose)
            stack.push_async_callback(runner.cleanup)
            session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
            return Desk(f"http://127.0.0.1:{runner.addresses[0][1]}", redis, session)

        yield started


@pytest.fixture
def plain(redis_server: Embedded, tmp_path: Path) -> Environment:
    return Environment(config=tmp_path, redis_url=redis_server.url, host="127.0.0.1", port=0)


async def test_a_proxy_is_believed_from_its_address_with_its_secret(start: Start, plain: Environment) -> None:
    desk = await start(replace(plain, proxy=("127.0.0.0/8", SECRET, "leads=lead:1,admins=operator")))
    assert (await desk.ask("/api/now", headers=NAMED))[0] == 200
    assert (await desk.ask("/api/outcomes?account=2", headers=NAMED))[0] == 404
    assert (await desk.ask("/api/config/rollback?version=1", headers={**NAMED, **SAME}, method="POST"))[0] == 403
    assert (await desk.ask("/failures/drop", headers=NAMED, method="POST"))[0] == 403  # no browser of ours sent it
    for wrong in (
        {"X-Console-Secret": "x" * 20},
        {"X-Console-Secret": ""},
        {"X-Forwarded-User": ""},
        {"X-Forwarded-Groups": ""},
        {"X-Forwarded-Groups": "leads2,xleads,LEADS"},
    ):
        assert (await desk.ask("/api/now", headers={**NAMED, **wrong}))[0] == 401, wrong


async def test_from_elsewhere_its_headers_mean_nothing(start: Start, plain: Environment) -> None:
    desk = await start(replace(plain, proxy=("10.0.0.7", SECRET, "leads=lead:1")))
    assert (await desk.ask("/api/now", headers=NAMED))[0] == 401
    without = await start(plain)
    assert (await without.ask("/api/now", headers=NAMED))[0] == 401


@pytest.mark.parametrize(
    "said",
    [("10.0.0", SECRET, "a=viewer"), ("10.0.0.1", "short", "a=viewer"), ("10.0.0.1", SECRET, "a=boss"),
     ("10.0.0.1", SECRET, "a=lead"), ("10.0.0.1", SECRET, "a=operator:1"), ("10.0.0.1", SECRET, "operator")],
)  # fmt: skip
def test_settings_of_a_proxy_that_mean_nothing_are_refused(said: tuple[str, str, str]) -> None:
    with pytest.raises(BadEnvironment, match="CONSOLE_PROXY"):
        Proxy.read(*said)


async def test_each_way_in_is_enough_to_listen_beyond_this_machine(redis: Connection, plain: Environment) -> None:
    with pytest.raises(NoLogin):
        await _check_login(make_console(plain, redis))
    await _check_login(make_console(replace(plain, chatwoot_login=True), redis))
    await _check_login(make_console(replace(plain, proxy=("10.0.0.7", SECRET, "a=viewer")), redis))


async def test_an_administrator_in_chatwoot_enters_as_the_lead_of_that_account(
    start: Start, plain: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = seed.plant(World())
    async with sandbox.serve(sandbox.create(world), world) as served:
        (plain.config / "chatwoot_mapping.yaml").write_text(seed.mapping(world), encoding="utf-8")
        for name, value in seed.environ(world, served.url).items():
            monkeypatch.setenv(name, value)
        desk = await start(replace(plain, chatwoot_login=True))
        admin = next(one for one in world.users.values() if one.role == "administrator" and one.account_id == 1)
        agent = next(one for one in world.users.values() if one.role != "administrator")
        form = {"chatwoot_token": admin.token}
        status, _, answer = await desk.ask("/login", method="POST", headers=SAME, data=form)
        assert status == 303
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        assert (await desk.ask("/api/outcomes?account=1", headers=cookie))[0] == 200
        assert (await desk.ask("/api/outcomes?account=2", headers=cookie))[0] == 404
        kept = b"".join([await desk.redis.get(key) or b"" for key in await desk.redis.keys("cw:console:session:*")])
        assert b'"account":"1"' in kept
        assert admin.token.encode() not in kept
        for wrong in ({"chatwoot_token": agent.token}, {"chatwoot_token": "x"}, {**form, "account": "2"}):
            assert (await desk.ask("/login", method="POST", headers=SAME, data=wrong))[0] == 401
        without = await start(plain)
        assert (await without.ask("/login", method="POST", headers=SAME, data=form))[0] == 401


async def test_a_configuration_is_put_back(desk: Desk) -> None:
    folder = Path(__file__).parents[4] / "config"
    sources = gather(folder, os.environ)
    versions = ConfigVersions(desk.redis)
    for number in ("first", "second"):
        await versions.publish(f"{sources.digest()}{number}", pack(sources, os.environ), by="t", why=number, accounts=2)
    for sent in ({"params": {"version": "99"}}, {"json": {"version": 98}}):
        assert (await desk.ask("/api/config/rollback", "operator", "POST", SAME, **sent))[0] == 404
    for bad in ({"json": {"version": "x"}}, {"json": [1]}, {"data": b"{"}, {"params": {"version": "-1"}}, {}):
        assert (await desk.ask("/api/config/rollback", "operator", "POST", SAME, **bad))[0] == 400, bad
    status, text, _ = await desk.ask("/api/config/rollback", "operator", "POST", SAME, json={"version": 1})
    assert status == 200, text
    current = await versions.current()
    assert current is not None
    assert (current.why, current.by) == ("rollback to 1", "operator (console)")

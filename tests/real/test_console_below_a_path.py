"""The console below a path of another site, behind a real nginx that hands the path on, or takes it off."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from ops.console.environment import Environment
from ops.console.server import application, make_console
from sandbox.installation.processes import free_port
from tests.integration.ops.console.oidc_provider import CLIENT, SECRET, provider
from tests.real.parts import PARTS
from tests.real.test_proxies import nginx_file

pytestmark = pytest.mark.real("nginx")
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "console.md"
BASE = "/console"
PAGES = ("/", "/turns", "/outcomes", "/failures", "/rehearsal", "/teach", "/configuration", "/knowledge", "/cost",
         "/connections", "/access")  # fmt: skip
OWN_ADDRESS = re.compile(r'(?:href|action|src|hx-get)="(/[^"]*)"')


@asynccontextmanager
async def served(redis: Embedded, folder: Path, *, stripped: bool, **environ: str) -> AsyncIterator[str]:
    """Yield the address of a console behind the lines of the guide. `stripped`: they take the path off."""
    own, port = connect(redis.url, timeout=2.0), free_port()
    environ = {"REDIS_URL": redis.url, "CONSOLE_URL": f"http://127.0.0.1:{port}", **environ}
    environment = Environment.read(environ, config=folder, port="0", base_path=f"{BASE}/")
    runner = web.AppRunner(application(make_console(environment, own)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (lines,) = re.findall(r"^```nginx\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = lines.replace("127.0.0.1:9200", f"127.0.0.1:{runner.addresses[0][1]}{'/' if stripped else ''}")
    file = folder / "nginx.conf"
    file.write_text(nginx_file(f"server {{ listen 127.0.0.1:{port};\n{lines}}}", folder))
    nginx = await asyncio.create_subprocess_exec(str(PARTS["nginx"].find()), "-c", str(file), "-p", str(folder))
    try:
        await _listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        nginx.terminate()
        await nginx.wait()
        await runner.cleanup()
        await own.aclose()


async def _listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)  # it does not call when it is ready
                continue
            writer.close()
            return


@pytest.mark.parametrize("stripped", [False, True])
async def test_every_address_of_each_page_stands_below_the_path(
    redis: Connection, redis_server: Embedded, tmp_path: Path, stripped: bool
) -> None:
    token, _ = await ConsoleTokens(redis).add(role="operator", account=None, words=True, name="ana", seconds=600)
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        served(redis_server, tmp_path, stripped=stripped) as site,
        aiohttp.ClientSession(cookie_jar=jar) as session,
    ):
        headers = {"Origin": site}
        async with session.get(f"{site}{BASE}/api/turns") as answer:
            assert answer.status == 401
        async with session.get(f"{site}{BASE}/turns?outcome=reply") as answer:  # to the login, and back after
            assert urlsplit(str(answer.url)).path == f"{BASE}/login"
            assert 'name="next" value="/turns?outcome=reply"' in await answer.text()
        form = {"token": token, "next": "/turns?outcome=reply"}
        async with session.post(f"{site}{BASE}/login", data=form, headers=headers) as answer:
            assert (answer.status, str(answer.url)) == (200, f"{site}{BASE}/turns?outcome=reply")
        assert {cookie["path"] for cookie in jar} == {BASE}
        for path in PAGES:
            async with session.get(f"{site}{BASE}{path}") as answer:
                addresses = set(OWN_ADDRESS.findall(await answer.text()))
                assert answer.status == 200
                assert {one for one in addresses if not one.startswith(f"{BASE}/")} == set()
            for asset in (one for one in addresses if "/assets/" in one):
                async with session.get(site + asset) as answer:
                    assert answer.status == 200
        async with session.get(f"{site}{BASE}/api/now") as answer:
            assert set(await answer.json()) >= {"problems", "workers"}
        said = {"language": "es", "next": "/cost"}
        async with session.post(f"{site}{BASE}/language", data=said, headers=headers) as answer:
            assert (str(answer.url), 'lang="es"' in await answer.text()) == (f"{site}{BASE}/cost", True)
        async with session.post(f"{site}{BASE}/logout", headers=headers) as answer:
            assert str(answer.url) == f"{site}{BASE}/login"


async def test_a_company_s_login_sends_people_back_below_the_path(
    redis: Connection, redis_server: Embedded, tmp_path: Path
) -> None:
    async with provider("http://console.example.com/console/login/oidc/callback") as company:
        environ = {
            "CONSOLE_OIDC_ISSUER": company.issuer, "CONSOLE_OIDC_CLIENT": CLIENT, "CONSOLE_OIDC_SECRET": SECRET,
            "CONSOLE_OIDC_GROUPS": "ops=operator",
        }  # fmt: skip
        async with (
            served(redis_server, tmp_path, stripped=False, **environ) as site,
            aiohttp.ClientSession() as session,
            session.get(f"{site}{BASE}/login/oidc", allow_redirects=False) as answer,
        ):
            asked = parse_qs(urlsplit(answer.headers["Location"]).query)
            assert asked["redirect_uri"] == [f"{site}{BASE}/login/oidc/callback"]
            assert "Path=/console" in answer.headers["Set-Cookie"]

"""A company's own login at a provider that nobody here wrote: npm's oidc-provider, certified by the OpenID people."""

import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from ops.console.access import provider as provider_module
from ops.console.environment import Environment
from ops.console.server import application, make_console
from sandbox.installation.processes import free_port
from tests.real.parts import where

VERSION = "9.13.3"
CLIENT, SECRET = "chatwootai", "a secret: with / signs & more"
CALLBACK = "/login/oidc/callback"
PEOPLE = {
    "ana": {"groups": ["all", "ops"], "email": "ana@shop.example", "email_verified": True},
    "rui": {"groups": ["leads"], "email": "rui@shop.example", "email_verified": False, "preferred_username": "rui"},
    "eve": {"groups": ["sales"]},
}
pytestmark = pytest.mark.real("npm")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the provider's script, its packages installed for this run alone."""
    folder = tmp_path_factory.mktemp("oidc")
    command = [where("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", f"oidc-provider@{VERSION}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        pytest.skip(f"the provider cannot be had from npm: {done.stderr.strip().splitlines()[-1:]}")
    script = Path(__file__).with_name("oidc_provider.mjs")
    (folder / script.name).write_bytes(script.read_bytes())
    return folder


@dataclass
class Company:
    """The provider's program and its settings."""

    folder: Path
    settings: dict[str, Any]

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.settings['port']}"

    @contextmanager
    def running(self, **changed: Any) -> Iterator[None]:
        """Run it, with some settings changed, until the block ends."""
        said = json.dumps({**self.settings, **changed})
        command = ["node", "oidc_provider.mjs", said]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            assert process.stdout is not None
            try:
                assert any(b"listening" in line for line in process.stdout), "it ended"
                yield
            finally:
                process.kill()


@dataclass
class Desk:
    """A console that listens at `url`, beside the company's provider."""

    url: str
    company: Company


@pytest.fixture
async def desk(programs: Path, redis_server: Embedded, tmp_path: Path) -> AsyncIterator[Desk]:
    own, port, at = connect(redis_server.url, timeout=2.0), free_port(), free_port()
    company = Company(programs, {
        "port": at, "redirect": f"http://127.0.0.1:{port}{CALLBACK}", "client": CLIENT, "secret": SECRET,
        "alg": "ES256", "people": PEOPLE, "method": "client_secret_basic", "key": "one", "clock": 0, "conform": False,
    })  # fmt: skip
    environ = {
        "CONSOLE_URL": f"http://127.0.0.1:{port}", "CONSOLE_OIDC_ISSUER": company.issuer, "CONSOLE_OIDC_CLIENT": CLIENT,
        "CONSOLE_OIDC_SECRET": SECRET, "CONSOLE_OIDC_GROUPS": "ops=operator,leads=lead:1,all=viewer",
        "REDIS_URL": redis_server.url,
    }  # fmt: skip
    environment = Environment.read(environ, config=tmp_path, port=str(port))
    runner = web.AppRunner(application(make_console(environment, own)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield Desk(environ["CONSOLE_URL"], company)
    await runner.cleanup()
    await own.aclose()


class Browser:
    """One browser: its cookies, and the page that it stands at."""

    def __init__(self, desk: Desk, session: aiohttp.ClientSession) -> None:
        self.desk = desk
        self.session = session

    async def to_provider(self, after: str = "/", **altered: str) -> str:
        """Begin a login; the provider's address, with what a stranger altered in it."""
        async with self.session.get(f"{self.desk.url}/login/oidc?next={after}", allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            head, _, query = answer.headers["Location"].partition("?")
        return f"{head}?{urlencode({**dict(parse_qsl(query)), **altered})}"

    async def back(self, address: str, person: str) -> str:
        """Log in and consent at the provider; the address to which it sends the browser back."""
        method, form = "GET", None
        while not address.startswith(self.desk.url):
            async with self.session.request(method, address, data=form, allow_redirects=False) as answer:
                text = await answer.text()
                if answer.status in {302, 303}:
                    address, method, form = answer.headers["Location"], "GET", None
                    address = address if "://" in address else self.desk.company.issuer + address
                    continue
            (action,) = re.findall(r'action="([^"]+)"', text) or pytest.fail(text)
            (prompt,) = re.findall(r'name="prompt" value="([^"]+)"', text)
            address, method, form = action, "POST", {"prompt": prompt, "login": person, "password": "x"}
        return address

    async def enter(self, address: str) -> tuple[int, str]:
        """Follow the way back; the status, and where the console leads."""
        async with self.session.get(address, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def log_in(self, person: str, after: str = "/", **altered: str) -> tuple[int, str]:
        return await self.enter(await self.back(await self.to_provider(after, **altered), person))

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.desk.url + path, allow_redirects=False) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def a_browser(desk: Desk) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(desk, session)


@pytest.mark.parametrize(
    ("alg", "method"),
    [("RS256", "client_secret_basic"), ("PS256", "client_secret_post"), ("ES256", "client_secret_post"),
     ("EdDSA", "client_secret_basic")],
)  # fmt: skip
async def test_who_is_in_a_group_enters_with_its_role(desk: Desk, alg: str, method: str) -> None:
    with desk.company.running(alg=alg, method=method):
        async with a_browser(desk) as ana:
            assert await ana.log_in("ana", "/turns") == (303, "/turns")
            assert (await ana.get("/access"))[0] == 200
            assert 'title="ana@shop.example"' in (await ana.get("/turns"))[1]


async def test_groups_come_from_the_id_token_or_from_userinfo(desk: Desk) -> None:
    for conform in (True, False):  # True: a provider that tells claims of people at userinfo alone
        with desk.company.running(conform=conform):
            async with a_browser(desk) as rui:
                assert await rui.log_in("rui") == (303, "/")
                assert (await rui.get("/access"))[0] == 403
                assert (await rui.get("/turns?account=2"))[0] == 404
                assert 'title="rui"' in (await rui.get("/turns"))[1]  # the address is not verified


async def test_who_is_in_no_group_or_refuses_stays_out(desk: Desk) -> None:
    with desk.company.running():
        async with a_browser(desk) as eve:
            assert (await eve.log_in("eve"))[0] == 401
            assert (await eve.get("/turns"))[0] == 303
        async with a_browser(desk) as ana:
            address = await ana.to_provider()
            async with ana.session.get(address) as answer:  # at the login, whose "cancel" leads back
                (abort,) = re.findall(r'href="([^"]+/abort)"', await answer.text())
            issuer = desk.company.issuer
            async with ana.session.get(abort if "://" in abort else issuer + abort, allow_redirects=False) as answer:
                on = answer.headers["Location"]
            back = await ana.back(on if "://" in on else issuer + on, "ana")
            assert dict(parse_qsl(urlsplit(back).query))["error"] == "access_denied"
            assert (await ana.enter(back))[0] == 401


async def test_what_a_stranger_alters_on_the_way_opens_nothing(desk: Desk) -> None:
    """A nonce, a challenge or a state that is not this browser's; a code that was used, or is another browser's."""
    with desk.company.running():
        for altered in ({"nonce": "n" * 43}, {"code_challenge": "c" * 43}, {"state": "s" * 43}):
            async with a_browser(desk) as browser:
                assert (await browser.log_in("ana", **altered))[0] == 401, altered
        async with a_browser(desk) as ana, a_browser(desk) as eve:
            back = await ana.back(await ana.to_provider(), "ana")
            await eve.to_provider()
            assert (await eve.enter(back))[0] == 401
            pending = {one.key: one.value for one in ana.session.cookie_jar}
            assert (await ana.enter(back))[0] == 303
            ana.session.cookie_jar.update_cookies(pending, URL(desk.url))
            assert (await ana.enter(back))[0] == 401


async def test_a_token_for_another_client_is_refused(desk: Desk) -> None:
    """The provider knows the console's client as another one by now: its tokens name that."""
    with desk.company.running(client="other"):
        async with a_browser(desk) as ana:
            async with ana.session.get(await ana.to_provider()) as answer:
                assert (answer.status, "invalid_client" in await answer.text()) == (400, True)
            address = await ana.to_provider(client_id="other")
            assert (await ana.enter(await ana.back(address, "ana")))[0] == 401


@pytest.mark.parametrize("clock", [-150, 150])
async def test_a_token_that_is_over_or_of_the_future_is_refused(desk: Desk, clock: int) -> None:
    with desk.company.running(clock=clock):
        async with a_browser(desk) as ana:
            assert (await ana.log_in("ana"))[0] == 401


async def test_a_provider_whose_clock_is_a_little_off_is_believed(desk: Desk) -> None:
    for clock in (-20, 20):
        with desk.company.running(clock=clock):
            async with a_browser(desk) as ana:
                assert (await ana.log_in("ana"))[0] == 303


async def test_keys_that_were_changed_are_read_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.company.running():
        async with a_browser(desk) as ana:
            assert (await ana.log_in("ana"))[0] == 303
    with desk.company.running(key="two"):
        async with a_browser(desk) as ana:
            assert (await ana.log_in("ana"))[0] == 401  # keys were read a moment ago: a stranger must not make us ask
        monkeypatch.setattr(provider_module, "_AGAIN_SECONDS", 0.0)
        async with a_browser(desk) as ana:
            assert (await ana.log_in("ana"))[0] == 303
    (desk.company.folder / "key-two-ES256.json").unlink()
    with desk.company.running(key="two"):  # another key under the same name
        async with a_browser(desk) as ana:
            assert (await ana.log_in("ana"))[0] == 303


async def test_a_provider_that_is_away_lets_nobody_in(desk: Desk) -> None:
    async with a_browser(desk) as ana, ana.session.get(f"{desk.url}/login/oidc", allow_redirects=False) as answer:
        assert answer.status == 401
    with desk.company.running():
        async with a_browser(desk) as ana:
            back = await ana.back(await ana.to_provider(), "ana")
    async with a_browser(desk) as ana:  # the code is of a provider that ended meanwhile
        assert (await ana.enter(back))[0] == 401

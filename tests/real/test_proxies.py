"""docs/guides/behind-a-proxy.md: its lines for each proxy, before real doors and before Chatwoot."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
import pytest

from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from sandbox.installation.processes import free_port
from tests.faults import desk as desks
from tests.faults.desk import Desk, Ground, scaled, with_trouble
from tests.faults.relay import Relay
from tests.real.parts import where
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import TokenRefused

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "behind-a-proxy.md"
BEFORE_DOORS, BEFORE_CHATWOOT = 0, -1
LANGUAGES = {
    "nginx": "nginx", "haproxy": "haproxy", "caddy": "caddyfile", "debian-caddy": "caddyfile", "traefik": "yaml",
}  # fmt: skip
"""How the page marks each proxy's lines."""
KINDS = [pytest.param(kind, marks=pytest.mark.real(kind)) for kind in LANGUAGES]
BOTH_WAYS = [each for each in KINDS if each.values != ("debian-caddy",)]
"""The page says that Caddy 2.6, as Debian 12 has it, is none for webhooks."""
MAY_OVERTAKE = frozenset({"traefik"})
"""The page says that what is sent again may come after what was written later."""
DROPS_UNDERSCORES = frozenset({"nginx", "caddy"})


def lines_of_the_guide(proxy: str, which: int) -> str:
    """The block of this proxy that stands before our doors, or before Chatwoot."""
    pattern = rf"^```{LANGUAGES[proxy]}\n(.*?)^```"
    blocks = re.findall(pattern, GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return blocks[which]


def here(lines: str, port: int, servers: dict[str, str]) -> str:
    """The guide's lines on this machine: other addresses, and no TLS."""
    lines = re.sub(r"^ *ssl_certificate.*\n", "", lines, flags=re.MULTILINE)
    lines = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", lines)
    lines = re.sub(r"bind :443 ssl crt \S+", f"bind 127.0.0.1:{port}", lines)
    lines = re.sub(r"^\w+\.example\.com \{", f"http://127.0.0.1:{port} {{", lines, flags=re.MULTILINE)
    lines = re.sub(r"Host\(`\w+\.example\.com`\)", "Host(`127.0.0.1`)", lines).replace(", tls: {}", "")
    for name, address in servers.items():
        lines = lines.replace(name, address)
    return lines


def nginx_file(lines: str, folder: Path) -> str:
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/errors;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{temporary}{lines}\n}}\n"
    )


def command_of(kind: str, lines: str, port: int, folder: Path) -> list[str]:
    """Write the lines where this proxy reads them; return how it is started."""
    file = folder / "proxy.cfg"
    if kind == "traefik":
        file, routes = folder / "static.yml", folder / "routes.yml"
        routes.write_text(lines)
        lines = f'entryPoints: {{web: {{address: "127.0.0.1:{port}"}}}}\nproviders: {{file: {{filename: {routes}}}}}\n'
    elif kind == "nginx":
        lines = nginx_file(lines, folder)
    elif kind.endswith("caddy"):
        lines = f"{{\n    admin off\n    auto_https off\n    storage file_system {folder}\n}}\n{lines}"
    file.write_text(lines)
    arguments = {
        "nginx": ["-c", str(file)],
        "haproxy": ["-db", "-f", str(file)],
        "traefik": [f"--configFile={file}"],
    }
    return [where(kind), *arguments.get(kind, ["run", "--adapter", "caddyfile", "--config", str(file)])]


@asynccontextmanager
async def proxy(kind: str, which: int, port: int, servers: dict[str, str]) -> AsyncIterator[None]:
    """The proxy as a process, while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="proxy-"))
    command = command_of(kind, here(lines_of_the_guide(kind, which), port, servers), port, folder)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=log, stderr=log)
    try:
        await _routes(port, process, folder / "log")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def said(log: Path) -> str:
    """The end of what a proxy wrote."""
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


async def _routes(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    """Return once the proxy passes requests on: Traefik listens before it knows its routes, and says 404 until then."""
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            assert process.returncode is None, "the proxy does not take these lines: " + said(log)
            try:
                async with session.get(f"http://127.0.0.1:{port}/webhooks/none") as answer:
                    if await answer.text() != "404 page not found\n":
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)  # it does not call when it is ready


class Proxy(Relay):
    """Stands where the relay of the other scenarios stands, and repeats nothing: what a proxy loses is lost."""

    def __init__(self, kind: str, port: int, doors: Sequence[str]) -> None:
        super().__init__(port, doors)
        names = (f"door-{number}:8080" for number in (1, 2))
        self._own = proxy(
            kind, BEFORE_DOORS, port, dict(zip(names, (urlsplit(door).netloc for door in doors), strict=True))
        )

    async def __aenter__(self) -> Self:
        await self._own.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._own.__aexit__(kind, error, trace)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    system = desks.start()
    try:
        yield system
    finally:
        system.stop()


@pytest.mark.parametrize("kind", BOTH_WAYS)
async def test_a_door_is_killed_behind_it_while_customers_write(ground: Ground, kind: str) -> None:
    desk, conversations = Desk(ground, f"door killed behind {kind}"), scaled(60)
    desk.relay = Proxy(kind, ground.relay_port, [ground.url("ingress"), ground.url("ingress-2")])

    async def kill() -> None:
        for number in range(4):
            await desk.answers(conversations * (number + 1) // 6)
            name = ("ingress", "ingress-2")[number % 2]
            await ground.kill(name)
            await ground.revive(name)

    async with desk:
        await with_trouble(desk.crowd(conversations, per_second=12), kill())
        tally = await desk.tally()
    if kind in MAY_OVERTAKE:
        tally.disordered = 0
    tally.must_be_clean()
    assert tally.handed_off == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_our_calls_reach_chatwoot_through_it(kind: str) -> None:
    """nginx and Caddy drop names with underscores here, as they do where nobody told them not to."""
    world, port = seed.plant(World()), free_port()
    token = seed.environ(world)["CHATWOOT_1_BOT_TOKEN"]
    async with (
        app.serve(app.create(world), world) as served,
        proxy(kind, BEFORE_CHATWOOT, port, {"chatwoot:3000": urlsplit(served.url).netloc}),
        Driver(served.url) as driver,
        aiohttp.ClientSession() as session,
    ):
        sent = await driver.write(1, "whatsapp", "Oi")
        url = f"http://127.0.0.1:{port}"
        chatwoot = Chatwoot(session, url=url, account=1, bot_token=token)
        assert (await chatwoot.conversation(sent.conversation)).status == "pending"
        assert await chatwoot.create_message(sent.conversation, "Olá")
        stranger = Chatwoot(session, url=url, account=1, bot_token="wrong")
        with pytest.raises(TokenRefused):
            await stranger.conversation(sent.conversation)
        bare = {"api_access_token": token}
        async with session.get(f"{url}/api/v1/accounts/1/conversations/{sent.conversation}", headers=bare) as answer:
            assert answer.status == (401 if kind in DROPS_UNDERSCORES else 200), "it is what the guide says of it"

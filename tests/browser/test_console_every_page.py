"""Every page of the console in a real browser, over an installation whose every string is script.

Each at 360 and 1280 pixels, light and dark, in each language, and without JavaScript: nothing runs, nothing is refused
by the policy or the browser, nothing is cut off, every control has a name, the keyboard reaches the content, and words
stand out from their ground. Pictures of all go where CONSOLE_LOOKS says, the guide's where CONSOLE_PICTURES says (`make
pictures`), else nowhere.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from ops.console.data.accounts import Accounts
from ops.console.data.answer_drafts import AnswerDesk, written_answer
from ops.console.environment import Environment
from ops.console.routes import routes
from ops.console.server import application, make_console
from ops.console.view.texts import LANGUAGES
from tests.browser import busy_installation, hostile_installation
from tests.browser.hostile_installation import HOSTILE, TURN
from tests.integration.ops.console.conftest import wait_longer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright_api = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed (requirements/browser.txt)"
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SECRETS = ("CHATWOOT_1_SECRET", "CHATWOOT_1_BOT_TOKEN", "CHATWOOT_2_SECRET", "CHATWOOT_2_BOT_TOKEN")
NO_PAGES = {"/find", "/turns.csv", "/parts/now", "/login/oidc", "/login/oidc/callback"}
"""Addresses that a browser asks for and that answer with no page of their own."""
PAGES = {
    "/login": "/login?next=/turns",
    "/": "/",
    "/turns": "/turns",
    "/outcomes": "/outcomes?account=1",
    "/failures": "/failures",
    "/failures/impact": f"/failures/impact?action=retry&cause={quote(HOSTILE)}",
    "/conversations/{account}/{id}": "/conversations/1/25",
    "/rehearsal": "/rehearsal",
    "/rehearsal/{account}": f"/rehearsal/1?text={quote(HOSTILE)}&history=x&tools=simulated",
    "/teach": "/teach",
    "/teach/{account}": f"/teach/1?questions={quote(HOSTILE)}",
    "/drafts/{account}": "/drafts/1",
    "/cases/{account}/{turn}": f"/cases/1/{TURN}",
    "/configuration": "/configuration?account=1",
    "/configuration/difference": "/configuration/difference?account=1",
    "/knowledge": "/knowledge?account=1",
    "/cost": "/cost?account=1",
    "/connections": "/connections",
    "/access": "/access?chain=1",
    "/embed/{account}/login": "/embed/1/login",
    "/embed/{account}": "/embed/1",
    "/embed/{account}/conversations/{id}": "/embed/1/conversations/25",
}
ALL = ((1280, "light"), (360, "dark"), (360, "light"), (1280, "dark"))
LOOKS = {"en": ALL, "es": ALL[:2], "pt-BR": ALL[2:]}
"""Widths and schemes in which each language is looked at."""
FAULTS = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")


@dataclass
class Stage:
    url: str
    token: str
    browser: Any
    problems: list[str] = field(default_factory=list)

    async def open(self, **settings: Any) -> Any:
        """Return a page that is logged in, whose errors become problems."""
        context = await self.browser.new_context(**settings)
        context.set_default_timeout(180_000)
        await context.add_cookies([{"name": "chatwootai_console", "value": self.token, "url": self.url}])
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", lambda line: self._hear(page, line))
        page.on("response", self._see)
        return page

    def _hear(self, page: Any, line: Any) -> None:
        if line.type in ("error", "warning"):
            self.problems.append(f"{page.url}: {line.text}")

    def _see(self, answer: Any) -> None:
        if answer.status >= 400 or not answer.url.startswith((self.url, "data:")):
            self.problems.append(f"{answer.status} {answer.url}")


@pytest.fixture
async def folder(redis: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of an installation whose every string is script, which stands in Redis too."""
    wait_longer(monkeypatch)
    for name in SECRETS:
        monkeypatch.setenv(name, f"{name.lower()}-0123456789abcdef")
    await hostile_installation.plant(redis, tmp_path)
    desk = AnswerDesk(redis, await Accounts(tmp_path).all(), HOSTILE, alone=False)
    await desk.add("1", written_answer({"name": "parking", "questions": HOSTILE, "answer": HOSTILE}))
    return tmp_path


@pytest.fixture
async def stage(redis_server: Embedded, redis: Connection, folder: Path) -> AsyncIterator[Stage]:
    async with served(redis_server, redis, folder, HOSTILE) as made:
        yield made


@asynccontextmanager
async def served(redis_server: Embedded, redis: Connection, folder: Path, name: str) -> AsyncIterator[Stage]:
    """Yield a console over a folder and Redis, with an operator of that name logged in to a browser."""
    own = connect(redis_server.url, timeout=60.0)
    console = make_console(Environment(config=folder, redis_url=redis_server.url, host="127.0.0.1", port=0), own)
    runner = web.AppRunner(application(console), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, token = await ConsoleTokens(redis).add(role="operator", account=None, words=True, name=name, seconds=3600)
    session = await console.login.sessions.open({"token": token.id})
    async with playwright_api.async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Stage(f"http://127.0.0.1:{runner.addresses[0][1]}", session, browser)
        await browser.close()
    await runner.cleanup()
    await own.aclose()


def test_every_page_is_in_the_list() -> None:
    assert {one.path for one in routes() if one.method == "GET" and not one.path.startswith(("/api/", "/assets/"))} == (
        set(PAGES) | NO_PAGES
    )


async def test_every_page_holds_in_every_language(stage: Stage) -> None:
    found: list[str] = []
    for language in LANGUAGES:
        page = await stage.open(locale=language)
        for name, path in PAGES.items():
            answer = await page.goto(stage.url + path)
            found += [f"{path} {language}: {answer.status}"] * (answer.status != 200)
            for width, scheme in LOOKS[language]:
                await page.set_viewport_size({"width": width, "height": 800})
                await page.emulate_media(color_scheme=scheme)
                found += [f"{path} {language} {width} {scheme}: {one}" for one in await page.evaluate(FAULTS)]
                await _picture(page, name, language, f"{width}-{scheme}")
            assert await page.evaluate("window.ran") is None, path
            found += [f"{path} {language}: {one}" for one in await _by_keyboard(page)]
        await page.context.close()
    assert found == []
    assert stage.problems == []


async def test_every_page_is_read_without_script(stage: Stage) -> None:
    page = await stage.open(java_script_enabled=False, locale="pt-BR", viewport={"width": 360, "height": 800})
    for name, path in PAGES.items():
        await page.goto(stage.url + path)
        assert await page.evaluate(FAULTS) == [], path
        assert await page.locator("main h1, main h2, main form, main p").count(), path
        await _picture(page, name, "pt-BR", "plain")
    assert stage.problems == []


PICTURES = {
    "configuration": ("/configuration", "#canary"),
    "connections": ("/connections", "form[action='/connections/2/resume']"),
    "cost": ("/cost?account=1&days=7", "table"),
    "knowledge": ("/knowledge?account=1", "#cited"),
    "access": ("/access?chain=1", "#audit"),
    "case": (f"/cases/1/{busy_installation.TURN}", "form[action^='/cases/1/']"),
    "now": ("/", ".problems"),
}
"""Pages of the guide whose pictures are taken here, and what stands on each."""


async def test_pictures_of_the_guide(
    redis_server: Embedded, redis: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_longer(monkeypatch)
    for name in (*SECRETS, "CHATWOOT_1_USER_TOKEN"):
        monkeypatch.setenv(name, f"{name.lower()}-0123456789abcdef")
    await busy_installation.plant(redis, tmp_path)
    async with served(redis_server, redis, tmp_path, "ana") as stage:
        page = await stage.open(locale="en", timezone_id="America/Sao_Paulo", viewport={"width": 1180, "height": 800})
        for name, (path, shown) in PICTURES.items():
            answer = await page.goto(stage.url + path)
            assert await page.locator(shown).count(), await answer.text()
            if folder := os.environ.get("CONSOLE_PICTURES"):
                await page.screenshot(path=Path(folder) / f"{name}.png")
        assert stage.problems == []


async def _by_keyboard(page: Any) -> list[str]:
    """Return what is wrong for who types alone: the first key leads past the head, or into the field that waits."""
    if "/embed/" in page.url or "/login" in page.url:
        return []
    await page.keyboard.press("Tab")
    first = await page.evaluate("document.activeElement.className")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    inside = await page.evaluate("document.activeElement.closest('main') !== null || !document.querySelector('main a')")
    return [] if (first, inside) == ("skip", True) else [f"the keyboard is at {first}, in the content: {inside}"]


async def _picture(page: Any, name: str, language: str, how: str) -> None:
    if folder := os.environ.get("CONSOLE_LOOKS"):
        file = f"{name.strip('/').replace('/', '-').replace('{', '').replace('}', '') or 'now'}-{language}-{how}.png"
        await page.screenshot(path=Path(folder) / file, full_page=True)

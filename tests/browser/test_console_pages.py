"""The console in a real browser over the real system: logged in, found, read, acted upon; small; without script."""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatwootai.stores.operators.pauses import Pauses
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.installation.system import Plan, System

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright_api = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed (requirements/browser.txt)"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
BEYOND_ITS_CARD = """[...document.querySelectorAll(".card *")].filter((one) => {
  const card = one.closest(".card"), padding = parseFloat(getComputedStyle(card).paddingRight);
  const inner = card.getBoundingClientRect().right - padding;
  return one.getBoundingClientRect().right > inner;
}).map((one) => one.outerHTML.slice(0, 80))"""
_PATIENCE_MS = 120_000
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'> Vocês entregam em Belo Horizonte?"


@dataclass
class Stage:
    system: System
    browser: Any
    token: str
    sent: Sent
    problems: list[str]

    async def page(self, *, login: bool = True, **settings: Any) -> Any:
        context = await self.browser.new_context(**settings)
        context.set_default_timeout(_PATIENCE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: self.problems.append(line.text) if line.type in ("error", "warning") else None)
        if login:
            await page.goto(self.system.url("console"))
            await page.fill("#token", self.token)
            await page.press("#token", "Enter")
            await page.wait_for_selector("form[action='/logout']")
        return page


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with System(Plan(console=True)) as system, Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", HOSTILE)
        await driver.wait_for_reply(sent, within=180)
        async with playwright_api.async_playwright() as play:
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Stage(system, browser, await system.console_token(), sent, [])
            await browser.close()


async def test_a_conversation_is_found_read_and_acted_upon(stage: Stage, tmp_path: Path) -> None:
    page = await stage.page(locale="pt-BR", timezone_id="America/Sao_Paulo")
    await page.wait_for_selector(".verdict.good")
    assert await page.inner_text("h1") == "Agora"
    await page.screenshot(path=tmp_path / "now.png", full_page=True)
    await the_page_stays_fresh_where_it_is_seen(page)
    await page.keyboard.press("/")
    await page.keyboard.type(f"1:{stage.sent.conversation}")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".said .outgoing")
    assert HOSTILE in await page.inner_text(".said .incoming")
    assert await page.evaluate("window.ran") is None
    assert "Quem respondeu: a equipe de IA." in await page.inner_text(".turn")
    assert await page.locator(".waterfall svg").count() >= 4
    assert re.search(r"\d\d:\d\d:\d\d$", (await page.inner_text(".turn h3")).strip())
    await page.screenshot(path=tmp_path / "conversation.png", full_page=True)
    await page.click("text=Entregar a pessoas")
    await page.wait_for_selector(".verdict.good")
    await page.wait_for_selector("text=está com pessoas")
    await page.click("text=Devolver à equipe de IA")
    await page.wait_for_selector("text=está com a equipe de IA")
    await page.keyboard.press("g")
    await page.keyboard.press("n")
    await page.wait_for_url(stage.system.url("console") + "/")
    kept = await page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert kept in {"{}{}", '{}{"htmx-current-path-for-history":"/"}'}
    assert stage.problems == []
    await on_a_telephone_nothing_is_cut_off(stage, tmp_path)
    await without_script_it_is_read_and_acted_upon(stage)
    await a_viewer_reads_no_words(stage)
    await a_lead_sees_one_account(stage)


async def the_page_stays_fresh_where_it_is_seen(page: Any) -> None:
    async with page.expect_response(lambda answer: answer.url.endswith("/parts/now"), timeout=_PATIENCE_MS) as fresh:
        pass
    assert (await fresh.value).status == 200
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    await asyncio.sleep(6)  # longer than one round, in which nothing is asked
    assert asked == []
    await page.evaluate("delete document.hidden")
    async with page.expect_response(lambda answer: answer.url.endswith("/parts/now"), timeout=_PATIENCE_MS):
        pass


async def on_a_telephone_nothing_is_cut_off(stage: Stage, folder: Path) -> None:
    page = await stage.page(viewport={"width": 360, "height": 800}, color_scheme="dark")
    for number, path in enumerate(("/", f"/conversations/1/{stage.sent.conversation}", "/login")):
        await page.goto(stage.system.url("console") + path)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
        await page.screenshot(path=folder / f"telephone-{number}.png", full_page=True)
    await a_paused_account_stays_within_its_card(stage, page)


async def a_paused_account_stays_within_its_card(stage: Stage, page: Any) -> None:
    redis = connect(stage.system.redis_url)
    who = "root@3f9a3a1c2b11d0f6c7f0e7a7b3f9a3a1c2b11"
    await Pauses(redis).pause("1", time.time() + 600, who=who, why="x" * 60)
    await page.goto(stage.system.url("console") + "/connections")
    assert await page.locator(".verdict.warn").count() == 1
    assert await page.evaluate(BEYOND_ITS_CARD) == []
    await page.click("form[action='/connections/1/resume'] button.main")
    await page.wait_for_selector(".verdict.good")
    address = page.url
    await page.reload()
    assert page.url == address  # a page, and no form that would be sent again
    assert await page.locator(".verdict").count() == 0
    await redis.aclose()


async def without_script_it_is_read_and_acted_upon(stage: Stage) -> None:
    page = await stage.page(java_script_enabled=False, locale="es")
    assert await page.inner_text("h1") == "Ahora"
    await page.click("button[value=en]")
    assert await page.inner_text("h1") == "Now"
    await page.fill("#find", f"1:{stage.sent.conversation}")
    await page.press("#find", "Enter")
    await page.wait_for_selector(".said .outgoing")
    assert "UTC" in await page.inner_text(".turn h3")
    await page.click("text=Hand over to people")
    await page.wait_for_selector("text=people have it")
    await page.click("text=Give back to the crew")
    await page.wait_for_selector("text=the crew has it")


async def a_viewer_reads_no_words(stage: Stage) -> None:
    stage.token = await stage.system.console_token("viewer")
    page = await stage.page()
    await page.goto(f"{stage.system.url('console')}/conversations/1/{stage.sent.conversation}")
    assert "Belo Horizonte" not in await page.content()
    assert await page.locator(".actions").count() == 0


async def a_lead_sees_one_account(stage: Stage) -> None:
    stage.token = await stage.system.console_token("lead", "2")
    page = await stage.page()
    answer = await page.goto(f"{stage.system.url('console')}/conversations/1/{stage.sent.conversation}")
    assert answer.status == 404
    assert "Belo Horizonte" not in await page.content()

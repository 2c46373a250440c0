"""What people come to the console for, in a real browser: why was it answered so, try again, teach, read in Chatwoot.

Pictures of it go where CONSOLE_PICTURES says (`make pictures`: into the guide), else nowhere.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, connect
from config.files.sources import shipped
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
FLAGS += ["--disable-features=LocalNetworkAccessChecks"]  # a page that the test makes up counts as one from outside
_PATIENCE_MS = 180_000
ANGRY = "Isso é um absurdo, vocês são uma vergonha! Quero meu dinheiro de volta agora, péssimo atendimento!"
PARKING = "Vocês têm estacionamento para clientes?"
LETTERS = 40
FOLDER = "domains/retail/account_1/"
OWN = {path: data.decode() for path, data in shipped().files.items() if path.startswith(FOLDER)}
"""The first shop's folder as an operator's own: an answer is one more in it."""


@dataclass
class Stage:
    system: System
    driver: Driver
    redis: Connection
    browser: Any
    problems: list[str] = field(default_factory=list)

    async def page(self, role: str, account: str | None = None) -> Any:
        context = await self.browser.new_context(
            locale="en", timezone_id="America/Sao_Paulo", viewport={"width": 1180, "height": 800}
        )
        context.set_default_timeout(_PATIENCE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: self.problems.append(line.text) if line.type in ("error", "warning") else None)
        await page.goto(self.system.url("console"))
        await page.fill("#token", await self.system.console_token(role, account))
        await page.press("#token", "Enter")
        await page.wait_for_selector("form[action='/logout']")
        return page

    def url(self, path: str) -> str:
        return self.system.url("console") + path


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with System(Plan(console=True, files=OWN)) as system, Driver(system.url("chatwoot")) as driver:
        redis = connect(system.redis_url)
        async with playwright_api.async_playwright() as play:
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Stage(system, driver, redis, browser)
            await browser.close()
        await redis.aclose()


async def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("CONSOLE_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def test_what_people_come_for(stage: Stage) -> None:
    angry = await stage.driver.write(1, "whatsapp", ANGRY)
    await stage.driver.wait_for_status(angry, "open", within=180)
    asked = await stage.driver.write(1, "whatsapp", PARKING)
    await stage.driver.wait_for_reply(asked, within=180)
    await yesterday(stage.redis)
    await a_lead_finds_why_the_angry_customer_was_answered_so(stage, angry)
    await a_lead_corrects_an_answer_rehearses_it_and_publishes(stage, asked)
    await it_is_read_inside_chatwoot_and_nowhere_else(stage, asked)
    await an_operator_retries_forty_dead_letters_of_one_cause(stage)
    assert stage.problems == []


async def yesterday(redis: Connection) -> None:
    """Put the turns that were counted today at the same time of yesterday."""
    day = timedelta(days=1)
    for key in await redis.keys("cw:day:1:*") + await redis.keys("cw:days:*"):
        head, _, today = key.decode().rpartition(":")
        await redis.rename(key, f"{head}:{datetime.fromisoformat(today).date() - day}")
    rows = await redis.xrange(keys.turns("1"))
    await redis.delete(keys.turns("1"))
    for place, fields in rows:
        ms, _, number = place.decode().partition("-")
        await redis.xadd(keys.turns("1"), fields, id=f"{int(ms) - round(day.total_seconds() * 1000)}-{number}")


async def a_lead_finds_why_the_angry_customer_was_answered_so(stage: Stage, angry: Sent) -> None:
    page = await stage.page("lead", "1")
    await page.goto(stage.url("/outcomes"))
    await picture(page, "outcomes")
    await page.click("a[href*='cause=anger']")  # one
    await page.wait_for_url("**/turns?*cause=anger*")
    await picture(page, "turns")
    await page.click(f"a[href^='/conversations/1/{angry.conversation}']")  # two
    await page.wait_for_selector(".said .incoming")
    assert ANGRY in await page.inner_text(".said .incoming")
    assert "Given to people" in await page.inner_text(".turn strong")
    await picture(page, "conversation")
    await page.context.close()


async def a_lead_corrects_an_answer_rehearses_it_and_publishes(stage: Stage, asked: Sent) -> None:
    page = await stage.page("lead", "1")
    await page.goto(stage.url(f"/conversations/1/{asked.conversation}"))
    await page.click("button[name=mark][value=down]")
    await page.wait_for_selector(".turn .tag.bad")
    await page.click("text=Correct this answer")
    assert await page.input_value("#questions") == PARKING
    await page.fill("#answer", "Sim, grátis ao lado da loja.")
    await picture(page, "teach")
    await page.click("text=Into the draft")
    await page.wait_for_selector(".diff .up")
    assert "Sim, grátis ao lado da loja." in await page.inner_text(".diff")
    await picture(page, "draft")
    await page.click("text=Rehearse with it")
    await page.fill("#text", PARKING)
    await page.click("button.main")
    await page.wait_for_selector(".columns .turn", timeout=_PATIENCE_MS)
    in_force, draft = await page.locator(".columns .turn").all_inner_texts()
    assert "Sim, grátis" not in in_force
    assert "Sim, grátis ao lado da loja." in draft
    await picture(page, "rehearsal")
    await page.goto(stage.url("/drafts/1"))
    await page.check("form[action$='/publish'] input[type=checkbox]")
    await page.click("form[action$='/publish'] button.main")
    await page.wait_for_selector("text=is in force")
    again = await stage.driver.write(1, "whatsapp", PARKING)
    (reply,) = await stage.driver.wait_for_reply(again, within=180)
    assert "Sim, grátis ao lado da loja." in str(reply)
    await page.context.close()


async def it_is_read_inside_chatwoot_and_nowhere_else(stage: Stage, asked: Sent) -> None:
    """A page of Chatwoot's origin frames it and says which conversation is open, as Chatwoot does."""
    embed, chatwoot = stage.url("/embed/1"), stage.system.url("chatwoot")
    context = await stage.browser.new_context(locale="en", viewport={"width": 900, "height": 700})
    context.set_default_timeout(_PATIENCE_MS)
    page = await context.new_page()
    framed = f"<!doctype html><title>x</title><iframe src='{embed}' width='860' height='640'></iframe>"
    told = (
        "window.addEventListener('message', e => { if (e.data === 'chatwoot-dashboard-app:fetch-info') "
        "e.source.postMessage(JSON.stringify({event: 'appContext', data: {conversation: "
        f"{{id: {asked.conversation}, account_id: 1}}}}}}), '*') }})"
    )
    await page.route("**/dashboard", lambda route: route.fulfill(content_type="text/html", body=framed))
    await page.add_init_script(f"if (window.parent === window) {told}")
    await page.goto(f"{chatwoot}/dashboard")
    frame = page.frame_locator("iframe")
    await frame.locator("#token").fill(await stage.system.console_token("lead", "1"))
    await frame.locator("#token").press("Enter")
    await frame.locator(".turn strong").first.wait_for()
    assert PARKING not in await frame.locator("main").inner_text()
    case = frame.locator("a", has_text="Make a case").first
    assert (await case.get_attribute("target"), str(await case.get_attribute("href"))[:9]) == ("_blank", "/cases/1/")
    await picture(page, "in-chatwoot")
    (cookie,) = [one for one in await context.cookies() if one["name"] == "chatwootai_embedded"]
    assert (cookie["sameSite"], cookie["secure"], cookie["httpOnly"]) == ("None", True, True)
    inside = await context.new_page()
    await inside.goto(stage.url("/"))
    assert inside.url.endswith("/login")  # it opens nothing but pages in Chatwoot's frame
    elsewhere = await context.new_page()
    await elsewhere.route("**/dashboard", lambda route: route.fulfill(content_type="text/html", body=framed))
    await elsewhere.goto("http://evil.example/dashboard")
    await elsewhere.wait_for_load_state("networkidle")
    assert await elsewhere.frames[1].locator("#token, .turn").count() == 0
    await context.close()


async def an_operator_retries_forty_dead_letters_of_one_cause(stage: Stage) -> None:
    await stage.driver.fault("status", status=422, says="Content is too long", times=None)
    threads = await asyncio.gather(
        *(stage.driver.write(1, "whatsapp", "Quais as formas de pagamento?") for _ in range(LETTERS))
    )
    for sent in threads:
        await stage.driver.wait_for_status(sent, "open", within=180)
    await stage.driver.clear_faults()
    page = await stage.page("operator")
    await page.goto(stage.url("/failures"))
    letters = page.locator(".card", has_text="422").first
    assert str(LETTERS) in await letters.inner_text()
    await letters.locator("a[href*='action=retry']").click()
    await page.wait_for_selector("form[action^='/failures/retry']")
    assert f"{LETTERS} conversations" in await page.inner_text(".verdict")
    await picture(page, "failures")
    await page.check("input[name=hand_back]")
    await page.click("form[action^='/failures/retry'] button.main")
    await page.wait_for_selector(f"text={LETTERS} done", timeout=_PATIENCE_MS)
    assert f"{LETTERS} done" in await page.inner_text(".verdict")
    for sent in threads:
        await stage.driver.wait_for_reply(sent, within=180)
    await page.context.close()

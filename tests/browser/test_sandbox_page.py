"""The page at the sandbox's root, in a real browser: writing, answers, the team's buttons, hostile content."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright_api = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed (requirements/browser.txt)"
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STEPS = {
    "steps": [["queue", 0.012], ["draft", 1.2], ["post", 0.2], ["prompt", 0.1], ["model", 1.1]],
    "served_by": "crew",
    "outcome": "reply",
    "passages": [
        ["entregas", "entregas.md", 0.8123, True],
        ["entregas", "entregas.md", None, False],
        ["faq", "<img src=x onerror='window.pwned=1'>", 0.5, False],
    ],
}
HOSTILE = "<img src=x onerror='window.pwned=1'> <script>window.pwned=1</script> [x](javascript:window.pwned=1) **ok**"


@dataclass
class Bot:
    """Answers every pending customer message through the API, as soon as it may."""

    world: World
    text: str = "Sim, entregamos em **Belo Horizonte**!"
    chatwoot: str = ""
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.json()
        asks = body["event"] == "message_created" and body["message_type"] == "incoming"
        if asks and body["conversation"]["status"] == "pending":
            self.tasks.add(asyncio.create_task(self._answer(body)))
        return web.json_response({"status": "accepted"})

    async def _answer(self, body: dict[str, Any]) -> None:
        account, thread = body["account"]["id"], body["conversation"]["id"]
        token = seed.environ(self.world)[f"CHATWOOT_{account}_BOT_TOKEN"]
        base = f"{self.chatwoot}/api/v1/accounts/{account}/conversations/{thread}"
        async with aiohttp.ClientSession(headers={"api_access_token": token}) as session:
            await session.post(f"{base}/toggle_typing_status", json={"typing_status": "on"})
            await self.may_answer.wait()
            mark = {"chatwootai": {"turn": f"turn-{body['id']}", "part": 0}}
            await session.post(f"{base}/messages", json={"content": self.text, "content_attributes": mark})


@dataclass
class Stage:
    url: str
    bot: Bot
    driver: Driver
    page: Any
    browser: Any
    problems: list[str]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    world = World()
    bot = Bot(world)
    listening = web.Application()
    listening.router.add_post("/webhooks/chatwoot/{account}", bot.hear)
    runner = web.AppRunner(listening)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    seed.plant(world, f"http://127.0.0.1:{runner.addresses[0][1]}")

    async def trace(turn: str) -> dict[str, Any] | None:
        return STEPS if turn.startswith("turn-") else None

    made = app.create(world, trace=trace, carrier_delay=0.005)
    async with (
        app.serve(made, world) as served,
        Driver(served.url) as driver,
        playwright_api.async_playwright() as play,
    ):
        bot.chatwoot = served.url
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None)
        await page.goto(served.url)
        await page.wait_for_selector("#chips button")
        yield Stage(served.url, bot, driver, page, browser, problems)
        await browser.close()
        for task in bot.tasks:
            task.cancel()
        await asyncio.gather(*bot.tasks, return_exceptions=True)
    await runner.cleanup()


async def test_a_customer_writes_sees_typing_and_reads_the_answer_with_its_steps(stage: Stage) -> None:
    page = stage.page
    await page.click("#chips button >> nth=0")
    await page.wait_for_selector(".incoming .bubble")
    await page.wait_for_selector(".typing .dots")
    assert await page.inner_text("#status") == "Bot answers"
    stage.bot.may_answer.set()
    await page.wait_for_selector(".outgoing details.took")
    assert await page.inner_text(".outgoing .bubble strong") == "Belo Horizonte"
    assert await page.locator(".typing .dots").count() == 0
    await page.click(".outgoing details.took summary")
    assert (await page.locator(".outgoing .steps dt").all_inner_texts()) == [
        "queue",
        "draft",
        "prompt",
        "model",
        "post",
    ]
    assert "1.20 s" in await page.inner_text(".outgoing .steps")
    assert "served by: crew" in await page.inner_text("#steps")
    await page.wait_for_selector(".outgoing .meta >> text=delivered")
    assert stage.problems == []


async def test_the_passages_of_an_answer_stand_beside_it(stage: Stage) -> None:
    page = stage.page
    await page.click("#chips button >> nth=0")
    stage.bot.may_answer.set()
    await page.click(".outgoing details.took summary")
    given = page.locator(".outgoing .passages li")
    assert await given.evaluate_all("all => all.map((one) => [...one.children].map((part) => part.innerText))") == [
        ["entregas.md", "entregas", "score 0.81", "used"],
        ["entregas.md", "entregas", "beside it"],
        ["<img src=x onerror='window.pwned=1'>", "faq", "score 0.50"],
    ]
    assert await page.locator(".outgoing .passages li.used").count() == 1
    assert "3 passages were given" in await page.inner_text("#steps")
    assert await page.evaluate("window.pwned") is None
    assert stage.problems == []


async def test_the_team_takes_over_answers_notes_hands_back_and_resolves(stage: Stage) -> None:
    page = stage.page
    assert await page.is_disabled("#takeover")
    await page.fill("#text", "Quero uma pessoa")
    await page.press("#text", "Enter")
    await page.wait_for_selector(".incoming")
    await page.click("#takeover")
    await page.wait_for_selector("#status[data-status=open]")
    assert await page.inner_text("#ownername") == "Bruno Lima"
    await page.fill("#teamtext", "Oi, aqui é o Bruno")
    await page.click("#teamwrite button[value=reply]")
    await page.wait_for_selector(".outgoing >> text=Oi, aqui é o Bruno")
    await page.fill("#teamtext", "**cliente antiga**")
    await page.click("#teamwrite button[value=note]")
    await page.wait_for_selector(".note >> text=cliente antiga")
    assert await page.inner_text(".note .bubble strong") == "cliente antiga"
    assert "unseen by the customer" in await page.inner_text(".note .by")
    await page.click("#handback")
    await page.wait_for_selector("#status[data-status=pending]")
    await page.click("#resolve")
    await page.wait_for_selector("#status[data-status=resolved]")
    assert stage.problems == []


async def test_hostile_content_is_only_text_on_every_channel(stage: Stage) -> None:
    page = stage.page
    stage.bot.text = HOSTILE
    stage.bot.may_answer.set()
    for channel in ("WhatsApp", "Web chat", "E-mail", "Telegram", "SMS", "Instagram"):
        await page.click(f"#channels button >> text={channel}")
        await page.fill("#text", HOSTILE)
        await page.click(".send")
        await page.wait_for_selector(".outgoing .bubble")
        assert HOSTILE in await page.inner_text(".incoming .bubble")
        assert await page.locator(".bubble img, .bubble script, .bubble a[href^='javascript']").count() == 0
        assert "ok" in await page.inner_text(".outgoing .bubble")
    assert await page.evaluate("window.pwned") is None
    assert stage.problems == []


async def test_a_name_and_a_subject_are_text_too(stage: Stage) -> None:
    name = "<img src=x onerror='window.pwned=1'>"
    await stage.driver.write(1, "email", "Oi", contact={"name": name}, subject=name)
    await stage.page.click("#threads button")
    await stage.page.wait_for_selector(".incoming .bubble")
    assert await stage.page.inner_text("#who") == name
    assert await stage.page.evaluate("window.pwned") is None


async def test_what_happens_elsewhere_appears_at_once(stage: Stage) -> None:
    sent = await stage.driver.write(2, "whatsapp", "Olá")
    await stage.page.click("#tenants button >> text=Casa Bela Móveis")
    await stage.page.click("#threads button")
    await stage.page.wait_for_selector(".incoming >> text=Olá")
    await stage.driver.answer(sent, "whatsapp", "Ainda aí?")
    await stage.page.wait_for_selector(".incoming >> text=Ainda aí?")


async def test_a_failed_reply_says_why(stage: Stage) -> None:
    stage.bot.text = "x" * 400
    stage.bot.may_answer.set()
    await stage.page.click("#channels button >> text=SMS")
    await stage.page.click("#chips button >> nth=0")
    await stage.page.wait_for_selector(".failed .fault")
    assert "at most 320" in await stage.page.inner_text(".failed .fault")


async def test_it_fits_a_phone(stage: Stage) -> None:
    phone = await stage.browser.new_page(viewport={"width": 360, "height": 740})
    stage.bot.text = "https://example.com/" + "a" * 300
    stage.bot.may_answer.set()
    await phone.goto(stage.url)
    await phone.click("#chips button >> nth=0")
    await phone.wait_for_selector(".outgoing .bubble")
    for view in ("list", "team", "chat"):
        await phone.click(f".tabs [data-view={view}]")
        assert await phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    assert await phone.is_visible("#text")
    assert not await phone.is_visible("#takeover")


async def test_every_control_has_a_name_and_the_log_is_live(stage: Stage) -> None:
    await stage.page.click("#chips button >> nth=0")
    await stage.page.wait_for_selector(".incoming")
    nameless = await stage.page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea, a")].filter((element) => {
            const labels = [...(element.labels || [])].map((label) => label.textContent).join("");
            return !(element.innerText || element.getAttribute("aria-label") || labels).trim();
        }).map((element) => element.outerHTML)"""
    )
    assert nameless == []
    assert await stage.page.get_attribute("#messages", "aria-live") == "polite"


async def test_its_headers_are_strict(stage: Stage) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/sandbox/page/page.js", "/sandbox/page/page.css"):
            async with session.get(stage.url + path) as response:
                assert response.status == 200
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_happens_while_a_conversation_opens_is_shown(stage: Stage) -> None:
    page, sent = stage.page, await stage.driver.write(1, "whatsapp", "Quero uma pessoa")

    async def late(route: Any) -> None:
        before = await route.fetch()
        await stage.driver.take_over(sent)
        await page.wait_for_function("state.early.some((event) => event.status === 'open')")
        await route.fulfill(response=before)

    await page.route(f"**/accounts/{sent.account}/conversations/{sent.conversation}", late)
    await page.click("#threads button")
    await page.wait_for_selector(".incoming .bubble")
    await page.wait_for_selector("#status[data-status=open]")
    assert stage.problems == []

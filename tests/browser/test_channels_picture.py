"""One rich answer on every channel of the sandbox page, in a real browser: shown, delivered, and pictured."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatwootai.channels.incoming.channel_names import channel_of
from chatwootai.channels.outgoing.render import render
from chatwootai.channels.registry import all_capabilities
from chatwootai.model.message.outbox import MARK, Action, ActionKind
from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver, Thread
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from workers.delivery.message_body import message_body

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright_api = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed (requirements/browser.txt)"
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ANSWER = (Path(__file__).parents[1] / "contract" / "golden" / "channels" / "answer.md").read_text(encoding="utf-8")
TOLD = ("Pedido 8812", "Ana", "14h30", "Meus pedidos", "Entregues", "até 2 dias úteis", "Sérum", "R$ 20", "snake_case")
"""Words from all over the answer, which a contact reads whatever becomes of the marks around them."""


@dataclass
class Colleague:
    """Answers every customer's message with the rich answer, rendered for its channel."""

    world: World
    chatwoot: str = ""
    choices: tuple[str, ...] = ()
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["event"] == "message_created" and body["message_type"] == "incoming":
            self.tasks.add(asyncio.create_task(self._answer(body)))
        return web.json_response({"status": "accepted"})

    async def _answer(self, body: dict[str, Any]) -> None:
        account, thread = body["account"]["id"], body["conversation"]
        token = seed.environ(self.world)[f"CHATWOOT_{account}_BOT_TOKEN"]
        url = f"{self.chatwoot}/api/v1/accounts/{account}/conversations/{thread['id']}/messages"
        channel = channel_of(thread["channel"], thread["contact_inbox"]["source_id"], thread["additional_attributes"])
        async with aiohttp.ClientSession(headers={"api_access_token": token}, raise_for_status=True) as session:
            for part, text in enumerate(render(channel, ANSWER, carrier=thread["channel"]), 1):
                said = Action(kind=ActionKind.REPLY, turn=f"turn-{body['id']}", part=part, choices=self.choices)
                posted = message_body(said)
                mark = {MARK: {"turn": said.turn, "part": part}, **posted.content_attributes}
                await session.post(url, json={"content": text, "content_attributes": mark, **posted.extra})


@dataclass
class Stage:
    page: Any
    driver: Driver
    colleague: Colleague
    labels: list[str]
    problems: list[str]

    async def replies(self) -> list[dict[str, Any]]:
        """All that the colleague has posted."""
        threads = [Thread(1, one["id"]) for one in await self.driver.conversations(1)]
        return [reply for thread in threads for reply in await self.driver.replies(thread)]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    world = World()
    colleague = Colleague(world)
    listening = web.Application()
    listening.router.add_post("/webhooks/chatwoot/{account}", colleague.hear)
    runner = web.AppRunner(listening)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    seed.plant(world, f"http://127.0.0.1:{runner.addresses[0][1]}")
    made = app.create(world, carrier_delay=0.0)  # what is refused, is refused before the answer's own call returns
    async with (
        app.serve(made, world) as served,
        Driver(served.url) as driver,
        playwright_api.async_playwright() as play,
    ):
        colleague.chatwoot = served.url
        for medium in ("line", "tiktok", "twitter"):
            await driver.add_inbox(1, medium)
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 1400})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None)
        await page.goto(served.url)
        await page.wait_for_selector("#channels button")
        labels = await page.locator("#channels button").all_inner_texts()
        yield Stage(page, driver, colleague, labels, problems)
        await browser.close()
        await asyncio.gather(*colleague.tasks)
    await runner.cleanup()


async def test_a_long_rich_answer_is_shown_on_every_channel(stage: Stage, tmp_path: Path) -> None:
    page = stage.page
    assert len(stage.labels) == len(set(all_capabilities()) - {"default"})
    for number, label in enumerate(stage.labels):
        await page.click(f"#channels button >> nth={number}")
        await page.fill("#text", "Onde está meu pedido 8812?")
        await page.click(".send")
        await page.wait_for_selector(".outgoing .bubble >> text=até já", timeout=10_000)
        shown = "\n".join(await page.locator(".outgoing .bubble").all_inner_texts())
        await page.screenshot(path=tmp_path / f"{number}-{label.replace(' ', '-').lower()}.png")
        assert [word for word in TOLD if word not in shown] == [], label
    await asyncio.gather(*stage.colleague.tasks)
    assert [one["error"] for one in await stage.replies() if one["status"] == "failed"] == []
    assert len({one["channel"] for one in await stage.driver.conversations(1)}) == len(stage.labels)
    assert stage.problems == []


@pytest.mark.parametrize("channel", ["Web chat", "Telegram"])
async def test_a_choice_is_picked_as_the_channel_tells_of_it(stage: Stage, channel: str) -> None:
    stage.colleague.choices = ("Entrega", "Retirar na loja")
    page = stage.page
    await page.click(f"#channels button >> text={channel}")
    await page.fill("#text", "Como recebo?")
    await page.click(".send")
    await page.click(".choices button >> text=Retirar na loja", timeout=10_000)
    if channel == "Web chat":
        await page.wait_for_selector(".choices button[aria-pressed=true] >> text=Retirar na loja")
        assert await page.locator(".choices button:disabled").count() == 2
        (question,) = await stage.replies()
        picked = {"title": "Retirar na loja", "value": "Retirar na loja"}
        assert question["content_attributes"]["submitted_values"] == [picked]
    else:
        await page.wait_for_selector(".incoming .bubble >> text=Retirar na loja")
    assert stage.problems == []

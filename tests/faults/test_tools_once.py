"""A tool that must not be used twice: workers killed around its answer, a contact who writes on, a dead model.

The tally is the shop's own: what it was asked for, counted where the requests arrive.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan
from tests.crews_endpoint import Body, Recorder, completion, endpoint, last, tool_call
from tests.faults.desk import Ground
from tests.integration.crews.tools.test_tools_used import served

SETTINGS = "deadline_ms: 20000\nburst: {window_ms: 300, cap_ms: 1000}\n"
AGENTS = "attendant: {tools: [ticket]}\n"


class Shop:
    """Counts tickets, and answers when it may."""

    def __init__(self) -> None:
        self.tickets: list[Any] = []
        self.keys: list[str] = []
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def serve(self, request: web.Request) -> web.Response:
        self.tickets.append(await request.json())
        self.keys.append(request.headers.get("Idempotency-Key", ""))
        self.asked.set()
        await self.may_answer.wait()
        return web.json_response({"ticket": f"T-{len(self.tickets)}"})


class Model:
    """Asks for a ticket, then says what became of it, when it may. `broken`: answers 500 from then on."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.told: list[str] = []
        self.saw_result = asyncio.Event()
        self.may_speak = asyncio.Event()
        self.may_speak.set()
        self.broken = False

    async def __call__(self, body: Body) -> web.Response:
        self.told.append(str(body["messages"][0]["content"]))
        if body["messages"][-1]["role"] != "tool":
            return completion(None, calls=[tool_call("ticket", {"about": "lamp"})])
        self.results.append(last(body))
        self.saw_result.set()
        await self.may_speak.wait()
        if self.broken:
            return web.json_response({"error": {"message": "down"}}, status=500)
        return completion("Pronto, está anotado.")


class Installation(Ground):
    """Two workers, and one tool for every crew."""

    def __init__(self, model: str, shop: str, tool: str = "") -> None:
        environ = {"WORKER_LEASE_SECONDS": "2", "OPENAI_BASE_URL": model, "OPENAI_API_KEY": "k"}
        super().__init__(Plan(ingresses=2, workers=2, llm=None, environ=environ))
        self.tools = f"""
hosts: [127.0.0.1]
private_hosts: [127.0.0.1]
http:
  ticket:
    description: Open a ticket.
    method: POST
    url: {shop}/tickets
    body: {{about: "{{about}}"}}
    parameters: {{properties: {{about: {{type: string}}}}}}
    timeout_ms: 8000
    {tool}
"""

    def _configure(self) -> None:
        super()._configure()
        base = self.configuration / "domains" / "_base"
        (base / "crews" / "customer_service").mkdir(parents=True)
        (base / "config.yaml").write_text(SETTINGS)
        (base / "tools.yaml").write_text(self.tools)
        (base / "crews" / "customer_service" / "agents.yaml").write_text(AGENTS)


class Scene:
    """A running installation with its shop, its model and its customers."""

    def __init__(self, ground: Installation, shop: Shop, model: Model, recorder: Recorder, driver: Driver) -> None:
        self.ground, self.shop, self.model, self.recorder, self.driver = ground, shop, model, recorder, driver

    async def kill_all(self) -> None:
        for name in ("worker", "worker-2"):
            await self.ground.kill(name)

    async def revive(self) -> None:
        await self.ground.revive("worker", "worker-2")

    async def notes(self, thread: Any) -> list[str]:
        state = await self.driver.state(thread)
        return [str(one["text"]) for one in state["messages"] if one["kind"] == "note"]


@pytest.fixture(scope="module", params=[""])
def tool(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def scene(tool: str) -> AsyncIterator[Scene]:
    shop, model = Shop(), Model()
    async with AsyncExitStack() as stack:
        recorder = await stack.enter_async_context(endpoint(model))
        ground = Installation(recorder.url, await stack.enter_async_context(served(shop.serve)), tool)
        ground.relay_port = ground.port("ingress")
        stack.callback(ground.stop)
        await ground.start()
        driver = await stack.enter_async_context(Driver(ground.url("chatwoot")))
        yield Scene(ground, shop, model, recorder, driver)
        shop.may_answer.set()
        model.may_speak.set()


async def test_killed_before_its_answer_came_it_is_not_used_again_and_people_are_told(scene: Scene) -> None:
    scene.shop.may_answer.clear()
    sent = await scene.driver.write(1, "webchat", "A luminária chegou quebrada.", new=True)
    await asyncio.wait_for(scene.shop.asked.wait(), 30)
    await scene.kill_all()
    scene.shop.may_answer.set()
    await scene.revive()
    await scene.driver.wait_for_status(sent, "open", within=60)
    assert scene.shop.tickets == [{"about": "lamp"}]
    told = ("may have been done already", "hand over")
    assert not [each for each in scene.model.results if not all(words in each for words in told)]
    (note,) = [each for each in await scene.notes(sent) if "Pode já ter sido feito" in each]
    assert "ticket" in note
    assert "lamp" in note


async def test_killed_after_its_answer_the_next_try_is_given_it(scene: Scene) -> None:
    scene.model.may_speak.clear()
    sent = await scene.driver.write(1, "webchat", "A luminária chegou quebrada.", new=True)
    await asyncio.wait_for(scene.model.saw_result.wait(), 30)
    await scene.kill_all()
    scene.model.may_speak.set()
    await scene.revive()
    (reply,) = await scene.driver.wait_for_reply(sent, within=60)
    assert reply["text"].endswith("Pronto, está anotado.")
    assert scene.shop.tickets == [{"about": "lamp"}]
    assert scene.model.results[0] == scene.model.results[-1]
    assert "T-1" in scene.model.told[-1]  # it knew before it asked
    assert await scene.notes(sent) == []


async def test_who_writes_on_while_it_is_used_gets_one_answer_and_one_ticket(scene: Scene) -> None:
    scene.shop.may_answer.clear()
    sent = await scene.driver.write(1, "webchat", "A luminária chegou quebrada.", new=True)
    await asyncio.wait_for(scene.shop.asked.wait(), 30)
    await scene.driver.answer(sent, "webchat", "É a azul.")
    async with asyncio.timeout(30):
        while len(scene.recorder.bodies) < 2:  # noqa: ASYNC110 - the model was asked anew, with both messages
            await asyncio.sleep(0.05)
    scene.shop.may_answer.set()
    await scene.driver.wait_for_reply(sent, within=60)
    assert scene.shop.tickets == [{"about": "lamp"}]
    assert any("T-1" in each for each in scene.model.results)
    assert await scene.notes(sent) == []


async def test_where_the_model_breaks_afterwards_people_hear_what_was_done(scene: Scene) -> None:
    scene.model.broken = True
    sent = await scene.driver.write(1, "webchat", "A luminária chegou quebrada.", new=True)
    await scene.driver.wait_for_status(sent, "open", within=90)
    assert scene.shop.tickets == [{"about": "lamp"}]
    (note,) = [each for each in await scene.notes(sent) if "Feito por ferramentas" in each]
    assert "ticket" in note
    assert "lamp" in note


@pytest.mark.parametrize("tool", ["idempotency: Idempotency-Key"], indirect=True)
async def test_what_may_be_repeated_is_repeated_under_one_key(scene: Scene) -> None:
    scene.shop.may_answer.clear()
    sent = await scene.driver.write(1, "webchat", "A luminária chegou quebrada.", new=True)
    await asyncio.wait_for(scene.shop.asked.wait(), 30)
    await scene.kill_all()
    scene.shop.may_answer.set()
    await scene.revive()
    await scene.driver.wait_for_reply(sent, within=60)
    assert len(scene.shop.keys) == 2
    assert len(set(scene.shop.keys)) == 1


@pytest.mark.parametrize("tool", ["idempotency: Idempotency-Key"], indirect=True)
async def test_what_may_be_repeated_and_was_answered_is_not(scene: Scene) -> None:
    scene.model.may_speak.clear()
    sent = await scene.driver.write(1, "webchat", "A luminária chegou quebrada.", new=True)
    await asyncio.wait_for(scene.model.saw_result.wait(), 30)
    await scene.kill_all()
    scene.model.may_speak.set()
    await scene.revive()
    await scene.driver.wait_for_reply(sent, within=60)
    assert len(scene.shop.keys) == 1
    assert scene.model.results[0] == scene.model.results[-1]

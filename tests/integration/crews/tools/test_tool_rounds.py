"""A model that asks for the same tool with other arguments over and over: told to stop, and then made to answer."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chatwootai.model.message.turn import Draft, Usage
from config.settings.settings import Settings
from crews.catalog import Catalog
from crews.model_calls.call import Call, Completion, ToolCall
from crews.runtime import environment
from tests.builders import question
from tests.integration.crews.tools.test_tools_used import served

pytestmark = pytest.mark.filterwarnings("ignore")  # stock CrewAI warns about itself


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


class Insatiable:
    """Asks for `tool` with another number each time, `at_once` of them, as long as it is offered any tool."""

    def __init__(self, tool: str = "order", *, at_once: int = 1, deaf: bool = False) -> None:
        self.tool, self.at_once, self.deaf = tool, at_once, deaf
        self.asked = 0
        self.rounds = 0
        self.results: list[str] = []

    async def complete(self, call: Call) -> Completion:
        self.rounds += 1
        self.results = [str(each["content"]) for each in call.messages if each["role"] == "tool"]
        if not call.tools and not self.deaf:
            return Completion(text="Não encontrei.", finish="stop", model="m", usage=Usage(calls=1))
        numbers = range(self.asked, self.asked + self.at_once)
        self.asked += self.at_once
        asks = tuple(ToolCall(f"c{n}", self.tool, json.dumps({"number": str(n)})) for n in numbers)
        return Completion(text="", finish="tool_calls", model="m", tool_calls=asks, usage=Usage(calls=1))


class Shop:
    """Counts what it is asked for, by path."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        self.hits[request.path.split("/")[1]] += 1
        return web.json_response({"status": "unknown"})

    def tools(self, **more: Any) -> dict[str, Any]:
        said = {"description": "d", "parameters": {"properties": {"number": {"type": "string"}}}}
        http = {name: {**said, "url": f"{self.url}/{name}/{{number}}"} for name in ("order", "stock")}
        return {"hosts": ["127.0.0.1"], "private_hosts": ["127.0.0.1"], "http": http, **more}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    found = Shop()
    async with served(found.serve) as url:
        found.url = url
        yield found


def catalog(folder: Path, more: str = "") -> Catalog:
    crew = folder / "shop"
    (crew / "channels").mkdir(parents=True)
    agent = f"role: R, goal: G., backstory: B., tools: [order, stock], max_iter: 25{more}"
    (crew / "agents.yaml").write_text(f"clerk: {{{agent}}}\n")
    (crew / "tasks.yaml").write_text("answer: {description: Answer., expected_output: A text., agent: clerk}\n")
    (crew / "channels" / "default.yaml").write_text("{summary: s, tone: t, length: l}\n")
    return Catalog(folder, ("order", "stock"))


async def drafted(known: Catalog, model: Insatiable, tools: Any, calls: Any = None) -> Draft:
    from crews.answer.draft import Crews

    asked = question("Oi", function="shop")
    crews = Crews(known, model)
    try:
        return await crews.draft(asked, Settings.model_validate({"tools": tools}), calls=calls)
    finally:
        await crews.close()


async def test_after_so_many_calls_it_is_told_and_then_asked_for_an_answer(tmp_path: Path, shop: Shop) -> None:
    model = Insatiable()
    draft = await drafted(catalog(tmp_path), model, shop.tools(calls_per_turn=3))
    assert (draft.text, draft.handoff) == ("Não encontrei.", None)
    assert shop.hits == {"order": 3}
    assert model.rounds == 5  # three calls, the one that is refused, and the answer
    assert "often enough" in model.results[3]
    assert "answer with what you have, or hand over" in model.results[3]


async def test_eight_calls_where_nothing_is_said(tmp_path: Path, shop: Shop) -> None:
    await drafted(catalog(tmp_path), Insatiable(), shop.tools())
    assert shop.hits == {"order": 8}


async def test_of_those_asked_for_at_once_only_so_many_are_made(tmp_path: Path, shop: Shop) -> None:
    model = Insatiable(at_once=6)
    draft = await drafted(catalog(tmp_path), model, shop.tools(calls_per_turn=2))
    assert draft.text == "Não encontrei."
    assert shop.hits == {"order": 2}
    assert ["often enough" in each for each in model.results[:6]] == [False, False, True, True, True, True]
    assert model.rounds == 3


async def test_another_tool_has_calls_of_its_own(tmp_path: Path, shop: Shop) -> None:
    class Both(Insatiable):
        async def complete(self, call: Call) -> Completion:
            self.tool = "stock" if self.asked % 2 else "order"
            return await super().complete(call)

    await drafted(catalog(tmp_path), Both(), shop.tools(calls_per_turn=3))
    assert shop.hits == {"order": 3, "stock": 3}


async def test_one_that_asks_for_tools_when_it_is_offered_none_gives_way_to_people(tmp_path: Path, shop: Shop) -> None:
    draft = await drafted(catalog(tmp_path), Insatiable(deaf=True), shop.tools(calls_per_turn=2))
    assert draft.text == ""
    assert draft.handoff
    assert shop.hits == {"order": 2}


async def test_drafts_of_one_turn_share_the_calls_that_it_may_make(tmp_path: Path, shop: Shop) -> None:
    from crews.run_state.tool_calls import BurstToolCalls

    class Nowhere:
        async def begin(self, *_: Any) -> None: ...

        async def end(self, *_: Any) -> None: ...

    calls, known = BurstToolCalls("1:1:7", Nowhere()), catalog(tmp_path)
    for _ in range(2):
        await drafted(known, Insatiable(), shop.tools(calls_per_turn=3), calls)
    assert shop.hits == {"order": 3}


async def test_a_crew_that_stock_crewai_runs_is_held_to_it_too(tmp_path: Path, shop: Shop) -> None:
    model = Insatiable()
    draft = await drafted(catalog(tmp_path, ", allow_delegation: true"), model, shop.tools(calls_per_turn=3))
    assert shop.hits == {"order": 3}
    assert model.rounds > 4
    assert draft.text or draft.handoff

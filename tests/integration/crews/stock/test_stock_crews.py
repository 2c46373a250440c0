"""Crews that only stock CrewAI can run: in bounded threads, through our stack, inside the deadline."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chatwootai.model.message.turn import Draft, Question, Usage
from config.settings.settings import Settings
from crews.catalog import Catalog
from crews.errors import ModelUnavailable
from crews.model_calls.call import Call, Completion, ToolCall
from crews.runtime import environment
from tests.builders import question

pytestmark = pytest.mark.filterwarnings("ignore")  # stock CrewAI warns about itself


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


class Model:
    def __init__(self, behave: Callable[[Call], Awaitable[str | Completion]]) -> None:
        self.behave = behave
        self.calls: list[Call] = []
        self.cancelled = asyncio.Event()

    async def complete(self, call: Call) -> Completion:
        assert threading.current_thread() is threading.main_thread()
        self.calls.append(call)
        try:
            said = await self.behave(call)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if isinstance(said, Completion):
            return said
        return Completion(
            text=said, finish="stop", model="m", usage=Usage(prompt_tokens=5, completion_tokens=2, calls=1)
        )


def catalog(folder: Path, *, whole: str = "", agent: str = "") -> Catalog:
    crew = folder / "boss"
    (crew / "channels").mkdir(parents=True)
    (crew / "config.yaml").write_text(whole)
    (crew / "agents.yaml").write_text(
        f"clerk: {{role: Clerk, goal: Help., backstory: Calm.{agent}}}\n"
        "other: {role: Other, goal: Help., backstory: Calm.}\n"
    )
    (crew / "tasks.yaml").write_text("answer: {description: Answer., expected_output: A text., agent: clerk}\n")
    (crew / "channels" / "default.yaml").write_text("{summary: s, tone: t, length: l, max_tokens: 99}\n")
    return Catalog(folder)


async def drafted(known: Catalog, model: Model, asked: Question | None = None) -> Draft:
    from crews.answer.draft import Crews

    return await Crews(known, model).draft(asked or question("Tem {creme}?", function="boss"), Settings())


async def quiet(_: Call) -> str:
    return "Final Answer: Temos."


@pytest.mark.parametrize("asks", ["process: hierarchical\n", ""])
async def test_a_crew_that_delegates_or_has_a_manager_answers(tmp_path: Path, asks: str) -> None:
    model = Model(quiet)
    draft = await drafted(catalog(tmp_path, whole=asks, agent=", allow_delegation: true" if not asks else ""), model)
    assert "Temos." in draft.text
    assert draft.usage.calls == len(model.calls) >= 1
    sent = json.dumps([list(call.messages) for call in model.calls], ensure_ascii=False)
    assert "Tem {creme}?" in sent
    assert model.calls[0].max_tokens == 99


async def test_a_colleague_is_asked_through_a_native_tool_call(tmp_path: Path) -> None:
    async def behave(call: Call) -> str | Completion:
        if call.tools and not any(each["role"] == "tool" for each in call.messages):
            names = [tool["function"]["name"] for tool in call.tools]
            ask = next(name for name in names if name.startswith("ask"))
            given = {"question": "Tem?", "context": "creme", "coworker": "Other"}
            asked = ToolCall("1", ask, json.dumps(given))
            return Completion(text="", finish="tool_calls", model="m", tool_calls=(asked,), usage=Usage(calls=1))
        return "colleague said so" if "Other" in str(call.messages[0]["content"]) else "Temos, disse o colega."

    model = Model(behave)
    draft = await drafted(catalog(tmp_path, agent=", allow_delegation: true"), model)
    assert draft.text == "Temos, disse o colega."
    assert len(model.calls) == 3
    assert any("colleague said so" in str(each["content"]) for each in model.calls[-1].messages)


async def test_runs_side_by_side_keep_their_own_words_and_usage(tmp_path: Path) -> None:
    async def behave(call: Call) -> str:
        await asyncio.sleep(0.05)
        text = json.dumps([dict(each) for each in call.messages])
        return "said " + text.split("customer: number ")[1][:2]

    known, model = catalog(tmp_path, agent=", allow_delegation: true"), Model(behave)
    questions = [question(f"number {n}", function="boss") for n in range(10, 26)]
    drafts = await asyncio.gather(*(drafted(known, model, each) for each in questions))
    assert [each.text for each in drafts] == [f"said {n}" for n in range(10, 26)]
    assert {each.usage.calls for each in drafts} == {1}


async def test_the_deadline_ends_it_and_closes_the_models_request(tmp_path: Path) -> None:
    async def never(_: Call) -> str:
        await asyncio.Event().wait()
        return ""

    model = Model(never)
    began = time.monotonic()
    asked = question("Tem {creme}?", seconds=2.0, function="boss")
    with pytest.raises(TimeoutError):
        await drafted(catalog(tmp_path, agent=", allow_delegation: true"), model, asked)
    assert time.monotonic() - began < 20
    await asyncio.wait_for(model.cancelled.wait(), 20)


async def test_what_the_model_raises_comes_out_as_it_is(tmp_path: Path) -> None:
    async def away(_: Call) -> str:
        raise ModelUnavailable("away", retry_at=0.0, status=503)

    with pytest.raises(ModelUnavailable):
        await drafted(catalog(tmp_path, agent=", allow_delegation: true"), Model(away))


async def test_a_plan_may_be_longer_than_an_answer(tmp_path: Path) -> None:
    async def behave(call: Call) -> str:
        plan = {"list_of_plans_per_task": [{"task_number": 1, "task": "Answer.", "plan": "Look at the shelf."}]}
        return json.dumps(plan) if call.response_format else "Final Answer: Temos."

    model = Model(behave)
    draft = await drafted(catalog(tmp_path, whole="planning: true\n"), model)
    assert "Temos." in draft.text
    assert [call.max_tokens for call in model.calls] == [1000, 99]
    assert "Look at the shelf." in str(model.calls[-1].messages)

"""The runner beside stock CrewAI: the same crews, the same messages sent, the same outputs.

What moves here after an upgrade of CrewAI is what the upgrade changed.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel

from crews.runtime import environment
from tests.crews_endpoint import Body, Recorder, completion, endpoint, last, tool_call

pytestmark = pytest.mark.filterwarnings("ignore")  # stock CrewAI warns about itself


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


class Verdict(BaseModel):
    """Structured output."""

    topic: str
    score: int
    notes: list[str] = []


@dataclass
class Case:
    """A crew, what goes in, and how the model behaves. `parts` takes an llm and returns agents, tasks.

    `failing`: a tool fails, which we tell the model in words of our own.
    """

    parts: Callable[[Any], tuple[list[Any], list[Any]]]
    answer: Callable[[Body], web.Response]
    inputs: dict[str, str] = field(default_factory=dict)
    unordered: bool = False
    failing: bool = False


def agent(llm: Any, role: str = "Clerk", **more: Any) -> Any:
    from crewai import Agent

    return Agent(role=role, goal=f"Help as {role}", backstory="Calm and exact.", llm=llm, **more)


def task(worker: Any, name: str = "answer", **more: Any) -> Any:
    from crewai import Task

    given = {"description": f"Do the {name}.", "expected_output": f"The {name}.", "agent": worker, "name": name, **more}
    return Task(**given)


def numbered(body: Body) -> web.Response:
    return completion(f"Said after: {last(body)[:60]}")


def one(llm: Any) -> tuple[list[Any], list[Any]]:
    worker = agent(llm)
    return [worker], [task(worker)]


def two_in_a_row(llm: Any) -> tuple[list[Any], list[Any]]:
    first, second = agent(llm, "Finder"), agent(llm, "Writer")
    return [first, second], [task(first, "research"), task(second, "letter")]


def named_context(llm: Any) -> tuple[list[Any], list[Any]]:
    worker = agent(llm)
    facts, gossip = task(worker, "facts"), task(worker, "gossip")
    return [worker], [facts, gossip, task(worker, "letter", context=[facts])]


def no_context(llm: Any) -> tuple[list[Any], list[Any]]:
    worker = agent(llm)
    return [worker], [task(worker, "facts"), task(worker, "letter", context=[])]


def side_by_side(llm: Any) -> tuple[list[Any], list[Any]]:
    left, right, joiner = agent(llm, "Left"), agent(llm, "Right"), agent(llm, "Joiner")
    a = task(left, "left", async_execution=True)
    b = task(right, "right", async_execution=True)
    return [left, right, joiner], [a, b, task(joiner, "join", context=[a, b])]


def side_by_side_default_context(llm: Any) -> tuple[list[Any], list[Any]]:
    left, right = agent(llm, "Left"), agent(llm, "Right")
    return [left, right], [task(left, "first"), task(right, "beside", async_execution=True), task(left, "end")]


def templated(llm: Any) -> tuple[list[Any], list[Any]]:
    worker = agent(llm, "Clerk for {city}")
    return [worker], [task(worker, description="Weather in {city} on {day}.", expected_output="About {city}")]


def in_markdown(llm: Any) -> tuple[list[Any], list[Any]]:
    worker = agent(llm)
    return [worker], [task(worker, markdown=True)]


def typed(**shape: Any) -> Callable[[Any], tuple[list[Any], list[Any]]]:
    def parts(llm: Any) -> tuple[list[Any], list[Any]]:
        worker = agent(llm)
        return [worker], [task(worker, **shape)]

    return parts


def verdict(_: Body) -> web.Response:
    return completion('{"topic": "creme", "score": 7, "notes": ["ok"]}')


def guarded(llm: Any) -> tuple[list[Any], list[Any]]:
    def short(output: Any) -> tuple[bool, Any]:
        return (True, output.raw) if "short" in output.raw else (False, "too long")

    worker = agent(llm)
    return [worker], [task(worker, guardrail=short, guardrail_max_retries=2)]


def shortens(body: Body) -> web.Response:
    return completion("short now" if "failed validation" in last(body) else "a very long answer {with} braces")


def tools() -> list[Any]:
    from crewai.tools import tool

    @tool("Stock Level")
    def stock_level(product: str, warehouse: str = "main") -> str:
        """How many pieces of a product are there."""
        return f"{len(product)} pieces of {product} in {warehouse}"

    @tool("price")
    def price(product: str) -> str:
        """The price of a product."""
        if product == "none":
            raise ValueError("no such product")
        return f"{product}: 10"

    return [stock_level, price]


def with_tools(max_iter: int = 5, **more: Any) -> Callable[[Any], tuple[list[Any], list[Any]]]:
    def parts(llm: Any) -> tuple[list[Any], list[Any]]:
        worker = agent(llm, tools=tools(), max_iter=max_iter)
        return [worker], [task(worker, **more)]

    return parts


def calls(*asked: Body, then: str = "Done.") -> Callable[[Body], web.Response]:
    def answer(body: Body) -> web.Response:
        used = any(each["role"] == "tool" for each in body["messages"])
        return completion(then) if used else completion(None, calls=list(asked))

    return answer


def answering_tool(llm: Any) -> tuple[list[Any], list[Any]]:
    from crewai.tools import tool

    @tool("handoff", result_as_answer=True)
    def handoff(reason: str) -> str:
        """Ask for a person."""
        return f"handoff because {reason}"

    worker = agent(llm, tools=[handoff])
    return [worker], [task(worker)]


def insists(body: Body) -> web.Response:
    if not body.get("tools"):
        return completion("Enough.")
    count = sum(each["role"] == "tool" for each in body["messages"])
    return completion(None, calls=[tool_call("price", {"product": f"p{count}"}, f"call_{count}")])


CASES = {
    "one task": Case(one, numbered),
    "two in a row": Case(two_in_a_row, numbered),
    "named context": Case(named_context, numbered),
    "no context": Case(no_context, numbered),
    "side by side": Case(side_by_side, numbered, unordered=True),
    "side by side, default context": Case(side_by_side_default_context, numbered, unordered=True),
    "templates filled": Case(templated, numbered, {"city": "Recife", "day": "Monday"}),
    "markdown": Case(in_markdown, numbered),
    "output_pydantic": Case(typed(output_pydantic=Verdict), verdict),
    "output_json": Case(typed(output_json=Verdict), verdict),
    "response_model": Case(typed(response_model=Verdict), verdict),
    "guardrail": Case(guarded, shortens),
    "a tool": Case(with_tools(), calls(tool_call("price", {"product": "creme"}))),
    "several tools at once": Case(
        with_tools(),
        calls(
            tool_call("price", {"product": "creme"}, "a"),
            tool_call("stock_level", {"product": "gel", "warehouse": "w2"}, "b"),
            tool_call("price", {"product": "gel"}, "c"),
        ),
    ),
    "a tool that fails": Case(with_tools(), calls(tool_call("price", {"product": "none"})), failing=True),
    "a tool that is not there": Case(with_tools(), calls(tool_call("weather", {})), failing=True),
    "arguments that are no JSON": Case(with_tools(), calls(tool_call("price", "{product:")), failing=True),
    "arguments that do not fit": Case(with_tools(), calls(tool_call("price", {"sku": 1})), failing=True),
    "a tool and a type": Case(
        with_tools(output_pydantic=Verdict), calls(tool_call("price", {"product": "x"}), then='{"topic":"x","score":1}')
    ),
    "a tool that answers": Case(answering_tool, calls(tool_call("handoff", {"reason": "angry"}))),
    "rounds used up": Case(with_tools(max_iter=2), insists),
}


async def ran(case: Case, *, stock: bool) -> tuple[list[Body], Any]:
    async def answer(body: Body) -> web.Response:
        return case.answer(body)

    async with endpoint(answer) as recorder:
        output = await (run_stock(case, recorder) if stock else run_ours(case, recorder))
        return recorder.bodies, output


async def run_stock(case: Case, recorder: Recorder) -> Any:
    from crewai import LLM, Crew

    llm = LLM(model="openai/gpt-4.1-mini", base_url=recorder.url, api_key="k", temperature=0.3, max_tokens=99)
    agents, tasks = case.parts(llm)
    return await Crew(agents=agents, tasks=tasks).akickoff(inputs=dict(case.inputs))


async def run_ours(case: Case, recorder: Recorder) -> Any:
    from crews.model_calls.assembly import Stack
    from crews.model_calls.call import Endpoint, Target
    from crews.model_calls.endpoint.client import OpenAIClient
    from crews.run_state.context import RunContext, current
    from crews.runtime.llm import StackLLM
    from crews.runtime.runner import ReentrantCrew

    stack = Stack(OpenAIClient())
    llm = StackLLM(stack, model="gpt-4.1-mini", temperature=0.3, max_tokens=99)
    agents, tasks = case.parts(llm)
    crew = ReentrantCrew(agents=agents, tasks=tasks)
    token = current.set(
        RunContext(deadline=time.time() + 30, target=Target(endpoint=Endpoint(recorder.url, "k"), model="gpt-4.1-mini"))
    )
    try:
        return await crew.akickoff(inputs=dict(case.inputs))
    finally:
        current.reset(token)
        await stack.aclose()


def results(bodies: list[Body]) -> list[Body]:
    return [each for body in bodies for each in body["messages"] if each["role"] == "tool"]


def sent(bodies: list[Body], *, unordered: bool) -> list[Body]:
    known = [{key: value for key, value in body.items() if not key.startswith("stream")} for body in bodies]
    return sorted(known, key=lambda body: json.dumps(body, sort_keys=True)) if unordered else known


@pytest.mark.parametrize("name", CASES)
async def test_the_runner_sends_what_stock_sends_and_returns_what_stock_returns(name: str) -> None:
    case = CASES[name]
    stock_bodies, stock = await asyncio.wait_for(ran(case, stock=True), 60)
    our_bodies, ours = await asyncio.wait_for(ran(case, stock=False), 60)

    if case.failing:  # a tool's failure is told in words of our own, as data: CrewAI's hold the error's own text
        for mine, theirs in zip(results(our_bodies), results(stock_bodies), strict=True):
            assert mine["content"].startswith("<data source=")
            assert not set(mine["content"].split()) & {"pydantic", "Error", "Traceback"}
            mine["content"] = theirs["content"]
    assert sent(our_bodies, unordered=case.unordered) == sent(stock_bodies, unordered=case.unordered)
    assert ours.raw == stock.raw
    assert ours.pydantic == stock.pydantic
    assert ours.json_dict == stock.json_dict
    assert [described(each) for each in ours.tasks_output] == [described(each) for each in stock.tasks_output]
    assert ours.token_usage.successful_requests == len(our_bodies)


def described(output: Any) -> dict[str, Any]:
    names = (
        "name",
        "description",
        "expected_output",
        "summary",
        "raw",
        "pydantic",
        "json_dict",
        "agent",
        "output_format",
    )
    return {name: getattr(output, name) for name in names}

"""The runner's own promises, with a model in this process that a test scripts."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel

from chatwootai.model.message.turn import Usage
from crews.errors import CrewUnsupported, GuardrailFailed, ModelSilent, ModelUnavailable
from crews.model_calls.call import Call, Completion, ToolCall
from crews.runtime import environment

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # crewai reads deprecated fields of its own


@pytest.fixture(autouse=True, scope="module")
def _crewai() -> None:
    environment.load()


class Model:
    """The stack's one method; `behave` is awaited with each call."""

    def __init__(self, behave: Callable[[Call], Awaitable[Completion | str]]) -> None:
        self.behave = behave
        self.calls: list[Call] = []
        self.cancelled = 0

    async def complete(self, call: Call) -> Completion:
        self.calls.append(call)
        try:
            said = await self.behave(call)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(said, Completion):
            return said
        return Completion(
            text=said, finish="stop", model="m", usage=Usage(prompt_tokens=1, completion_tokens=2, calls=1)
        )


def asks(*calls: ToolCall) -> Completion:
    return Completion(text="", finish="tool_calls", model="m", tool_calls=calls)


def agent(model: Model, **more: Any) -> Any:
    from crewai import Agent

    from crews.runtime.llm import StackLLM

    given = {"role": "Clerk", "goal": "help", "backstory": "Calm.", "llm": StackLLM(model, model="m"), **more}
    return Agent(**given)


def task(worker: Any, name: str = "answer", **more: Any) -> Any:
    from crewai import Task

    given = {"name": name, "description": f"Do {name}.", "expected_output": name, "agent": worker, **more}
    return Task(**given)


def crew(*tasks: Any, **more: Any) -> Any:
    from crews.runtime.runner import ReentrantCrew

    return ReentrantCrew(agents=[each.agent for each in tasks], tasks=list(tasks), **more)


async def kickoff(built: Any, inputs: dict[str, Any] | None = None, *, seconds: float = 20) -> Any:
    from crews.run_state.context import RunContext, current

    token = current.set(RunContext(deadline=time.time() + seconds))
    try:
        return await built.akickoff(inputs)
    finally:
        current.reset(token)


def user_text(call: Call) -> str:
    return str(call.messages[-1]["content"])


async def test_tasks_side_by_side_are_in_flight_together() -> None:
    both = asyncio.Barrier(2)

    async def behave(call: Call) -> str:
        if "Do join" not in user_text(call):
            await asyncio.wait_for(both.wait(), 5)
        return user_text(call).split("Do ")[1].split(".")[0]

    model = Model(behave)
    left, right = (task(agent(model), name, async_execution=True) for name in ("left", "right"))
    output = await kickoff(crew(left, right, task(agent(model), "join", context=[left, right])))
    assert output.raw == "join"
    assert "left\n\n----------\n\nright" in user_text(model.calls[-1])
    assert [each.name for each in output.tasks_output] == ["left", "right", "join"]
    assert output.token_usage.total_tokens == 9


async def test_a_task_that_fails_takes_those_beside_it_along() -> None:
    started = asyncio.Event()

    async def behave(call: Call) -> str:
        if "Do slow" in user_text(call):
            started.set()
            await asyncio.Event().wait()
        await started.wait()
        raise ModelUnavailable("away", retry_at=0.0)

    model = Model(behave)
    slow = task(agent(model), "slow", async_execution=True)
    with pytest.raises(ModelUnavailable):
        await kickoff(crew(task(agent(model), "quick", async_execution=True), slow, task(agent(model), "join")))
    assert model.cancelled == 1
    assert len(model.calls) == 2


async def test_cancelling_a_run_cancels_everything_in_it() -> None:
    started: asyncio.Queue[None] = asyncio.Queue()

    async def behave(_: Call) -> str:
        started.put_nowait(None)
        await asyncio.Event().wait()
        return ""

    model = Model(behave)
    beside = [task(agent(model), name, async_execution=True) for name in ("a", "b")]
    running = asyncio.create_task(kickoff(crew(*beside, task(agent(model), "c", context=[]))))
    for _ in beside:
        await started.get()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert model.cancelled == 2
    assert len(asyncio.all_tasks()) == 1


async def test_runs_of_one_crew_never_see_each_other() -> None:
    async def behave(call: Call) -> str:
        await asyncio.sleep(0)
        return f"{call.messages[1]['content']} > {user_text(call)[-10:].strip()}"

    model = Model(behave)
    built = crew(task(agent(model), "first"), task(agent(model), "second"))
    runs = (kickoff(built, {"messages": [{"role": "user", "content": f"customer {n:03}"}]}) for n in range(100))
    outputs = await asyncio.gather(*runs)
    for number, output in enumerate(outputs):
        first, second = (each.raw for each in output.tasks_output)
        assert first.startswith(f"customer {number:03}")
        assert f"customer {number:03}" in second
        assert output.token_usage.successful_requests == 2
    seen = [
        call for call in model.calls if len({text[9:12] for text in texts(call) if text.startswith("customer")}) > 1
    ]
    assert seen == []


def texts(call: Call) -> list[str]:
    return [str(each["content"]) for each in call.messages[1:]]


async def test_nothing_of_a_run_stays_on_crew_task_agent_or_model() -> None:
    async def behave(_: Call) -> str:
        return "secret answer"

    model = Model(behave)
    built = crew(task(agent(model)))
    await kickoff(built, {"messages": [{"role": "user", "content": "secret question"}]})
    parts = [built, *built.tasks, *built.agents, built.agents[0].llm]
    held = [repr(vars(each)) + repr(each.__pydantic_private__) for each in parts]
    assert not [each for each in held if "secret" in each]


async def test_inputs_fill_templates_once_and_are_not_looked_at_again() -> None:
    async def behave(_: Call) -> str:
        return "ok"

    model = Model(behave)
    built = crew(task(agent(model, role="Clerk of {city}"), description="About {city}, {day}."))
    output = await kickoff(built, {"city": "{day} {role}", "day": "Monday"})
    system, user = (str(each["content"]) for each in model.calls[0].messages)
    assert system.startswith("You are Clerk of {day} {role}. Calm.")
    assert "Current Task: About {day} {role}, Monday." in user
    assert output.tasks_output[0].agent == "Clerk of {day} {role}"


async def test_tools_asked_for_together_run_together_and_stay_on_the_loop() -> None:
    from crewai.tools import tool

    both = asyncio.Barrier(2)

    @tool("look")
    async def look(what: str) -> str:
        """Look."""
        await asyncio.wait_for(both.wait(), 5)
        return f"saw {what}"

    async def behave(call: Call) -> Completion | str:
        if any(each["role"] == "tool" for each in call.messages):
            return "; ".join(str(each["content"]) for each in call.messages if each["role"] == "tool")
        return asks(ToolCall("1", "look", '{"what": "a"}'), ToolCall("2", "look", '{"what": "b"}'))

    output = await kickoff(crew(task(agent(Model(behave), tools=[look]))))
    assert output.raw == "saw a; saw b"


async def test_calls_and_results_of_tools_are_bounded() -> None:
    from crewai.tools import tool

    used: list[int] = []

    @tool("count")
    async def count(number: int) -> str:
        """Count."""
        used.append(number)
        return "x" * 100_000

    async def behave(call: Call) -> Completion | str:
        if any(each["role"] == "tool" for each in call.messages):
            return "done"
        return asks(*(ToolCall(str(n), "count", f'{{"number": {n}}}') for n in range(40)))

    model = Model(behave)
    await kickoff(crew(task(agent(model, tools=[count]))))
    results = [str(each["content"]) for each in model.calls[1].messages if each["role"] == "tool"]
    assert used == list(range(16))
    assert len(results) == 40
    assert {len(each) for each in results[:16]} == {20_000}
    assert all("no more than 16 are made" in each for each in results[16:])


async def test_a_blocking_tool_does_not_hold_the_loop() -> None:
    from crewai.tools import tool

    passed = asyncio.Event()
    loop = asyncio.get_running_loop()

    @tool("wait")
    def wait() -> str:
        """Wait until the loop has moved."""
        asyncio.run_coroutine_threadsafe(passed.wait(), loop).result(5)
        return "the loop moved"

    async def behave(call: Call) -> Completion | str:
        if any(each["role"] == "tool" for each in call.messages):
            return user_text(call)
        loop.call_later(0.01, passed.set)
        return asks(ToolCall("1", "wait", "{}"))

    assert (await kickoff(crew(task(agent(Model(behave), tools=[wait]))))).raw == "the loop moved"


async def test_a_guardrail_that_is_never_satisfied_ends_the_run() -> None:
    async def behave(_: Call) -> str:
        return "no"

    async def refuse(_: Any) -> tuple[bool, Any]:
        return False, "still wrong {with} braces"

    model = Model(behave)
    guarded = task(agent(model), guardrail=refuse, guardrail_max_retries=2)
    with pytest.raises(GuardrailFailed):
        await kickoff(crew(guarded))
    assert len(model.calls) == 3
    assert "still wrong {with} braces" in user_text(model.calls[-1])


async def test_a_guardrails_text_takes_the_answers_place() -> None:
    async def behave(_: Call) -> str:
        return "rough"

    output = await kickoff(
        crew(task(agent(Model(behave)), guardrails=[lambda _: (True, "polished"), lambda o: (True, o)]))
    )
    assert output.raw == "polished"


class Verdict(BaseModel):
    score: int


async def test_a_type_that_was_missed_is_asked_for_once_more() -> None:
    async def behave(call: Call) -> str:
        return '{"score": 7}' if "one JSON object" in str(call.messages[0]["content"]) else "seven, I would say"

    model = Model(behave)
    output = await kickoff(crew(task(agent(model), output_pydantic=Verdict)))
    assert output.pydantic == Verdict(score=7)
    assert len(model.calls) == 2


async def test_a_type_that_never_comes_ends_the_run() -> None:
    async def behave(_: Call) -> str:
        return "seven"

    with pytest.raises(ModelSilent) as caught:
        await kickoff(crew(task(agent(Model(behave)), output_pydantic=Verdict)))
    assert caught.value.reason == "shape"


@pytest.mark.filterwarnings("ignore:.*cannot be serialized")  # lambdas, to a checkpoint that we never make
async def test_callbacks_see_every_output_and_may_be_async() -> None:
    async def behave(_: Call) -> str:
        return "ok"

    heard: list[str] = []

    async def later(output: Any) -> None:
        heard.append(f"crew: {output.raw}")

    built = crew(
        task(agent(Model(behave)), callback=lambda output: heard.append(f"task: {output.raw}")),
        task_callback=later,
        before_kickoff_callbacks=[lambda inputs: {**inputs, "seen": "yes"}],
        after_kickoff_callbacks=[lambda output: output.model_copy(update={"raw": output.raw + "!"})],
    )
    assert (await kickoff(built)).raw == "ok!"
    assert heard == ["task: ok", "crew: ok"]


async def quiet(_: Call) -> str:
    return "ok"


@pytest.mark.parametrize(
    ("agent_more", "task_more", "crew_more", "named"),
    [
        ({"allow_delegation": True}, {}, {}, "allow_delegation"),
        ({"max_rpm": 3}, {}, {}, "max_rpm"),
        ({"inject_date": True}, {}, {}, "inject_date"),
        ({}, {"human_input": True}, {}, "human_input"),
        ({}, {"output_file": "out.txt"}, {}, "output_file"),
        ({}, {"guardrail": "be nice"}, {}, "guardrail in words"),
        ({}, {}, {"stream": True}, "stream"),
        ({}, {}, {"cache": True}, "cache"),
        ({}, {}, {"max_rpm": 3}, "max_rpm"),
    ],
)
def test_what_the_runner_does_not_do_is_refused_when_built(
    agent_more: dict[str, Any], task_more: dict[str, Any], crew_more: dict[str, Any], named: str
) -> None:
    worker = agent(Model(quiet), **agent_more)
    built = task(worker, **task_more)
    with pytest.raises(CrewUnsupported, match=named):
        crew(built, **crew_more)


def test_a_hierarchical_crew_is_refused() -> None:
    from crewai import Process

    with pytest.raises(CrewUnsupported, match="hierarchical"):
        crew(task(agent(Model(quiet))), process=Process.hierarchical, manager_agent=agent(Model(quiet), role="Boss"))


def test_a_tool_with_a_counter_is_refused() -> None:
    from crewai.tools import tool

    @tool("once", max_usage_count=1)
    def once() -> str:
        """Once."""
        return ""

    with pytest.raises(CrewUnsupported, match="max_usage_count"):
        crew(task(agent(Model(quiet), tools=[once])))


def test_a_blocking_call_of_the_model_is_refused() -> None:
    from crews.runtime.llm import StackLLM

    with pytest.raises(NotImplementedError, match="acall"):
        StackLLM(Model(quiet), model="m").call("hello")

"""Every shape in tests/dialects through the real stack and runner, over real HTTP: what the contact reads of it."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatwootai.model.message.turn import Draft, Told
from crews.errors import CrewError
from crews.model_calls.call import BillingScope, Endpoint, Policy, Target
from crews.runtime import environment
from tests.dialect_endpoint import Case, Said, is_so, saying

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # crewai reads deprecated fields of its own
FOLDER = Path(__file__).parents[3] / "dialects"
CASES: dict[str, Case] = {
    f"{path.stem}: {name}": case
    for path in sorted(FOLDER.glob("*.yaml"))
    for name, case in yaml.safe_load(path.read_text(encoding="utf-8")).items()
}
KNOWN = {
    *("source", "says", "refuses", "model", "tools", "history", "asked", "key", "result", "reads", "people", "calls"),
    *("requests", "again", "sent", "reason", "hides"),
}


@pytest.fixture(autouse=True, scope="module")
def _crewai() -> None:
    environment.load()


def test_there_are_many_and_each_says_where_it_is_from() -> None:
    assert len(CASES) >= 225
    for name, case in CASES.items():
        assert case["source"], name
        assert ("reads" in case) != ("people" in case), name
        assert set(case) <= KNOWN, name


@pytest.mark.parametrize("name", CASES)
async def test_what_the_contact_reads(name: str) -> None:
    from crews.model_calls.assembly import Stack
    from crews.model_calls.endpoint.client import OpenAIClient

    case = CASES[name]
    stack = Stack(OpenAIClient())
    async with saying(case) as said:
        try:
            run = Asked(case, said, stack)
            await run.outcome()
            run.verify()
            if "again" in case:
                said.bodies.clear()
                await Asked(case, said, stack).outcome()
                assert len(said.bodies) == case["again"]
        finally:
            await stack.aclose()


class Asked:
    """One question to a crew of one agent, whose model is the case's endpoint."""

    def __init__(self, case: Case, said: Said, stack: Any) -> None:
        self.case, self.said, self.stack = case, said, stack
        self.calls: list[dict[str, Any]] = []
        self.draft: Draft | None = None
        self.error: Exception | None = None

    async def outcome(self) -> None:
        """Run the crew to its draft, or to the error that gives the conversation to people."""
        from crews.answer.crew_result import run_crew, to_draft
        from crews.run_state.context import RunContext

        target = Target(endpoint=Endpoint(self.said.url, self.case.get("key", "k")), model=self.case.get("model", "m"))
        seconds = 20 if "reads" in self.case else 5  # what fails is asked again until then
        run = RunContext(
            deadline=time.time() + seconds, target=target, payer=BillingScope("shop"), policy=Policy(hedge_share=0)
        )
        try:
            result = await run_crew(self._crew(), run, {"messages": self._messages()}, run.deadline)
        except (CrewError, TimeoutError) as error:
            self.error = error
            return
        self.draft = to_draft(result, (), "", Told())

    def verify(self) -> None:
        """Hold the outcome to what the case expects."""
        case = self.case
        if "reads" in case:
            assert self.draft is not None, self.error
            assert (self.draft.text, self.draft.handoff) == (case["reads"], None)
        else:
            why = str(self.error) if self.error is not None else str(self.draft.handoff if self.draft else "")
            assert self.draft is None or not self.draft.text, self.draft
            assert case["people"] in f"{why} {getattr(self.error, 'cause', '')}"
        assert self.calls == case.get("calls", [])
        assert len(self.said.bodies) == case.get("requests", len(self.said.bodies))
        assert all(is_so(each, self.said.bodies[-1]) for each in case.get("sent", ()))
        reason = getattr(self.error, "reason", None) or ""
        assert case.get("reason", "") in reason
        assert not any(each in f"{reason}{self.error}" for each in case.get("hides", ()))

    def _messages(self) -> list[dict[str, Any]]:
        return [*self.case.get("history", ()), {"role": "user", "content": self.case.get("asked", "Que horas abrem?")}]

    def _crew(self) -> Any:
        from crewai import Agent, Task

        from crews.runtime.llm import StackLLM
        from crews.runtime.runner import ReentrantCrew

        llm = StackLLM(self.stack, model=self.case.get("model", "m"), temperature=0.3, max_tokens=400)
        tools = [self._tool(name) for name in self.case.get("tools", ())]
        agent = Agent(role="Clerk", goal="help", backstory="Calm.", llm=llm, tools=tools)
        return ReentrantCrew(
            agents=[agent],
            tasks=[Task(name="answer", description="Answer.", expected_output="An answer.", agent=agent)],
        )

    def _tool(self, named: str) -> Any:
        from crewai.tools import BaseTool
        from pydantic import BaseModel, create_model

        asked = self
        arguments: type[BaseModel] = create_model("Arguments", item=(str | None, None), count=(int | None, None))

        class Tool(BaseTool):
            name: str = named
            description: str = "Looks something up."
            args_schema: type[BaseModel] = arguments

            async def _arun(self, **given: Any) -> str:
                asked.calls.append({named: {key: each for key, each in given.items() if each is not None}})
                return str(asked.case.get("result", "open from 9 to 18"))

            def _run(self, **_: Any) -> str:
                raise NotImplementedError

        return Tool()

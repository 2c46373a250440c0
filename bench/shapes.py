"""Crews in each of their shapes against a sandbox LLM whose every answer takes the same time."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from config.loading.loader import shipped
from config.schema.crew_schema import AgentText, Blueprint, TaskText
from crews.model_calls.call import Call, Endpoint, Target
from crews.plan.plan import Shape, in_shape
from crews.plan.single_call import answer_fields
from crews.prompt.settings_text import placeholder_values
from crews.run_state.context import RunContext, current
from crews.runtime import environment
from sandbox.installation.processes import Process, free_port, stop

if TYPE_CHECKING:
    from crews.answer.variants import Runnable
    from crews.model_calls.endpoint.client import OpenAIClient

MODEL = "gpt-4o-mini"
_SECONDS = 20.0
_QUESTION = ({"role": "user", "content": "Quais as formas de pagamento? Pedido CW-0042."},)


@dataclass(frozen=True, slots=True)
class Stage:
    """An LLM that runs, and one wire to it."""

    url: str
    wire: "OpenAIClient"

    def crew(self, blueprint: Blueprint, shape: Shape) -> "Runnable":
        """Return a crew in a shape, as a worker builds it."""
        from crews.runtime.build import ModelOptions, build_crew
        from crews.runtime.single_call import SingleCallCrew, answer_model

        filled = placeholder_values(shipped(), blueprint)
        terms = ModelOptions(MODEL, 0.3, 170)
        if shape != "fused":
            return build_crew(in_shape(blueprint, shape), filled, terms, self.wire)
        whole = build_crew(blueprint, filled, terms, self.wire)
        shaped = answer_model(answer_fields(blueprint))
        one = build_crew(in_shape(blueprint, "fused"), filled, terms, self.wire, shape=shaped)
        return SingleCallCrew(one, whole, sure=0.0, seconds=0.0)

    async def took(self, crew: "Runnable") -> tuple[float, int]:
        """Run once; return milliseconds and model calls."""
        run = RunContext(deadline=time.time() + _SECONDS, target=self._target())
        token = current.set(run)
        began = time.perf_counter()
        try:
            await crew.akickoff({"messages": _QUESTION, "situation": "Today is Monday, 2026-11-23."})
        finally:
            current.reset(token)
        return 1000 * (time.perf_counter() - began), run.usage.calls

    async def call(self) -> float:
        """Make one bare model call; return its milliseconds."""
        began = time.perf_counter()
        deadline = time.time() + _SECONDS
        await self.wire.complete(Call(target=self._target(), messages=_QUESTION, deadline=deadline, max_tokens=110))
        return 1000 * (time.perf_counter() - began)

    def _target(self) -> Target:
        return Target(endpoint=Endpoint(f"{self.url}/v1", "sk-sandbox"), model=MODEL)


@asynccontextmanager
async def stage(latency: str) -> AsyncIterator[Stage]:
    """Yield a sandbox LLM of its own with a fixed latency."""
    await asyncio.to_thread(environment.load)
    from crews.model_calls.endpoint.client import OpenAIClient

    with TemporaryDirectory(prefix="chatwootai-bench-") as folder:
        port = free_port()
        given = ("--port", str(port), "--latency", latency)
        llm = Process("llm", "sandbox.llm", *given, environ={}, folder=Path(folder))
        wire = OpenAIClient()
        try:
            llm.start()
            url = f"http://127.0.0.1:{port}"
            await llm.answers(f"{url}/sandbox/stats", 20)
            yield Stage(url, wire)
        finally:
            await wire.aclose()
            await asyncio.to_thread(stop, [llm])


def crew_of(
    agents: Mapping[str, int], tasks: Mapping[str, tuple[str, tuple[str, ...]]], fuse: bool = True
) -> Blueprint:
    """Return a crew: agents with their limits of tokens; tasks with their agent and context."""
    return Blueprint(
        function="bench",
        channel="whatsapp",
        implementation="default",
        summary="A crew of the bench.",
        tone="write plainly.",
        length="one to three short sentences.",
        max_tokens=110,
        agents=tuple(
            AgentText(
                name=name,
                role=f"the {name} of {{company.name}}",
                goal=f"do a {name}'s work well",
                backstory=f"You are the {name}. These are the facts:\n<company>\n{{company.facts}}\n</company>",
                max_tokens=limit,
            )
            for name, limit in agents.items()
        ),
        tasks=tuple(
            TaskText(
                name=name,
                description=f"{name} what the customer asked.",
                expected_output="A text.",
                agent=agent,
                context=of,
            )
            for name, (agent, of) in tasks.items()
        ),
        fuse="always",
    )


ANCESTOR = crew_of(
    {"classifier": 40, "researcher": 110, "writer": 110, "editor": 110},
    {
        "classify": ("classifier", ()),
        "research": ("researcher", ()),
        "write": ("writer", ("classify", "research")),
        "review": ("editor", ("research", "write")),
    },
)
"""The four agents, one after another, that this project's ancestor answered with."""

THREE = crew_of(
    {"left": 110, "right": 110, "writer": 110},
    {"look": ("left", ()), "find": ("right", ()), "answer": ("writer", ("look", "find"))},
)
"""Two tasks that do not need each other, and one that needs both."""

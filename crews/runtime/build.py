"""From a blueprint and a tenant's settings to a CrewAI crew, ready to be shared by all their runs."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from crewai import Agent, Task
from crewai.tools.base_tool import BaseTool
from crewai.utilities.constants import NOT_SPECIFIED
from pydantic import BaseModel

from config.schema.crew_schema import AgentText, Blueprint, TaskText
from crews.errors import CrewUnsupported
from crews.model_calls.call import Completer
from crews.prompt.template import fill
from crews.runtime.llm import StackLLM
from crews.runtime.runner import ReentrantCrew
from crews.tools.toolset import Toolset


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """The model's terms that a crew is built with; endpoint and key belong to each run."""

    model: str
    temperature: float | None = None
    max_tokens: int | None = None
    embeddings: str = ""


def build_crew(
    blueprint: Blueprint,
    values: Mapping[str, str],
    terms: ModelOptions,
    completer: Completer,
    tools: Toolset | None = None,
    shape: type[BaseModel] | None = None,
) -> ReentrantCrew:
    """Fill every template once and build the crew. `shape`: the type of the last task's result.

    Raises:
        CrewUnsupported: a tool that nobody offers, or something the runner does not do.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # crewai reads deprecated fields of its own
        return _build(blueprint, values, terms, completer, tools or {}, shape)


def _build(
    blueprint: Blueprint,
    values: Mapping[str, str],
    terms: ModelOptions,
    completer: Completer,
    offered: Toolset,
    shape: type[BaseModel] | None,
) -> ReentrantCrew:
    agents = {each.name: _agent(each, values, _llm(each, terms, completer), offered) for each in blueprint.agents}
    tasks: dict[str, Task] = {}
    for each in blueprint.tasks:
        own = shape if each is blueprint.tasks[-1] else None
        tasks[each.name] = _task(each, values, agents[each.agent], tasks, offered, own)
    name = f"{blueprint.function}/{blueprint.channel}"
    return ReentrantCrew(name=name, agents=list(agents.values()), tasks=list(tasks.values()))


def _llm(text: AgentText, terms: ModelOptions, completer: Completer) -> StackLLM:
    limits = [each for each in (terms.max_tokens, text.max_tokens) if each is not None]
    return StackLLM(completer, model=terms.model, temperature=terms.temperature, max_tokens=min(limits, default=None))


def _agent(text: AgentText, values: Mapping[str, str], llm: StackLLM, tools: Toolset) -> Agent:
    return Agent(
        role=fill(text.role, values),
        goal=fill(text.goal, values),
        backstory=fill(text.backstory, values),
        llm=llm,
        tools=tools_of(text.tools, tools),
        max_iter=text.max_iter,
        verbose=False,
        allow_delegation=False,
    )


def _task(
    text: TaskText,
    values: Mapping[str, str],
    agent: Agent,
    before: Mapping[str, Task],
    tools: Toolset,
    shape: type[BaseModel] | None,
) -> Task:
    return Task(
        name=text.name,
        description=fill(text.description, values),
        expected_output=fill(text.expected_output, values),
        agent=agent,
        context=NOT_SPECIFIED if text.context is None else [before[name] for name in text.context],
        async_execution=text.async_execution,
        tools=tools_of(text.tools, tools),
        markdown=text.markdown,
        response_model=shape,
    )


def tools_of(names: tuple[str, ...], offered: Toolset) -> list[BaseTool]:
    """Return the tools of these names; a server's name stands for all of its tools.

    Raises:
        CrewUnsupported: nobody offers one of them.
    """
    if missing := [name for name in names if name not in offered]:
        raise CrewUnsupported(f"no tool is called {', '.join(missing)}; offered: {', '.join(offered) or 'none'}")
    found = (offered[name] for name in dict.fromkeys(names))
    return [tool for each in found for tool in (each if isinstance(each, tuple) else (each,))]

"""A chain of agents as one: their roles, goals and tasks in one structured prompt, answered in one typed object. Pure.

The agent that writes to the contact stays who it is; what the others would have done it does first, in a few words.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from config.schema.crew_schema import AgentText, Blueprint, TaskText

ANSWER, CONFIDENCE = "answer", "confidence"
WORDS = 6
"""Words that a step before the answer may have: each costs the contact time."""

TOKENS = 15
"""What such a step, and the object around all of them, takes of the answer's limit, in tokens each."""


def fits_single_call(blueprint: Blueprint) -> bool:
    """Tell whether there is a chain to fuse, its YAML allows it, and nothing in it needs stock CrewAI."""
    return blueprint.fuse != "never" and len(blueprint.tasks) > 1 and not needs_stock(blueprint)


def needs_stock(blueprint: Blueprint) -> tuple[str, ...]:
    """Return what the crew asks for that only stock CrewAI does, as its YAML writes it."""
    wanted = ["process: hierarchical"] if blueprint.process == "hierarchical" else []
    wanted += [f"{name}: true" for name in ("memory", "planning") if getattr(blueprint, name)]
    wanted += [f"agents.{each.name}.allow_delegation: true" for each in blueprint.agents if each.allow_delegation]
    return tuple(wanted)


def answer_fields(blueprint: Blueprint) -> tuple[str, ...]:
    """Return the names of the typed object's texts: each step but the last, in order, and then the answer."""
    return (*(_field(each.name) for each in blueprint.tasks[:-1]), ANSWER)


def to_single_call(blueprint: Blueprint) -> Blueprint:
    """Return the same crew with one agent and one task."""
    agents = {each.name: each for each in blueprint.agents}
    *before, last = blueprint.tasks
    writer = agents[last.agent]
    agent = replace(
        writer,
        backstory="\n\n".join([writer.backstory, *_colleagues(blueprint, writer)]),
        tools=_unique(each.tools for each in blueprint.agents),
        max_tokens=None,
    )
    task = TaskText(
        name=last.name,
        description=_steps(before, last, agents),
        expected_output=_expected_output(before, last),
        agent=writer.name,
        context=(),
        tools=_unique(each.tools for each in blueprint.tasks),
    )
    more = TOKENS * len(blueprint.tasks)
    limit = blueprint.max_tokens and blueprint.max_tokens + more
    return replace(blueprint, agents=(agent,), tasks=(task,), max_tokens=limit)


def _colleagues(blueprint: Blueprint, writer: AgentText) -> list[str]:
    others = [each for each in blueprint.agents if each.name != writer.name]
    if not others:
        return []
    known = "\n".join(f"- {each.role}. Goal: {each.goal} {each.backstory}" for each in others)
    return [f"You also do the work of these colleagues, yourself and before you write:\n{known}"]


def _steps(before: list[TaskText], last: TaskText, agents: dict[str, AgentText]) -> str:
    done = [
        f"{number}. `{_field(task.name)}`, as {agents[task.agent].role}:\n{task.description}\n"
        f"Expected: {task.expected_output}"
        for number, task in enumerate(before, 1)
    ]
    final = f"{len(before) + 1}. `{ANSWER}`, with what the steps before found:\n{last.description}"
    return "\n\n".join(["Do these steps in this order, each building on those before it.", *done, final])


def _expected_output(before: list[TaskText], last: TaskText) -> str:
    names = ", ".join(f"`{_field(each.name)}`" for each in before)
    return (
        f"One JSON object. {names}: the result of that step in at most {WORDS} words. "
        f"`{ANSWER}`: {last.expected_output} "
        f"`{CONFIDENCE}`: how sure you are that the answer is right and complete, from 0 to 1; "
        "below 0.5 wherever what you were given does not support it."
    )


def _field(name: str) -> str:
    """Return a task's name as the name of a field; never one of ours."""
    plain = re.sub(r"\W", "_", name)
    return f"step_{plain}" if plain in {ANSWER, CONFIDENCE} or not plain[:1].isalpha() else plain


def _unique(several: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in several for name in names))

"""A crew before any tenant: what its YAML says after a channel's overlay, in types, checked. Knows no crewai."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.problems import ConfigurationError, Problem, suggestion
from crews.loader import Marked, leaves
from crews.template import placeholders

PLACEHOLDERS = (
    "company.name",
    "company.description",
    "company.facts",
    "company.hours",
    "language",
    "tone",
    "emoji",
    "channel.name",
    "channel.tone",
    "channel.length",
)
"""What a template may name; `crews.prompt` fills each."""

_CREW = {"summary": str, "tone": str, "length": str, "max_tokens": int, "agents": Mapping, "tasks": Mapping}
_AGENT = {"role": str, "goal": str, "backstory": str, "tools": tuple, "max_iter": int}
_TASK = {
    "description": str,
    "expected_output": str,
    "agent": str,
    "context": tuple,
    "async_execution": bool,
    "tools": tuple,
    "markdown": bool,
}
_NEEDED = {"crew": ("summary", "tone", "length", "agents", "tasks"), "agent": ("role", "goal", "backstory")}
_NEEDED["task"] = ("description", "expected_output", "agent")
_CALLED = {str: "a text", int: "a whole number", bool: "true or false", Mapping: "a mapping", tuple: "a list of names"}
_TOKENS = range(16, 16_385)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentText:
    """An agent as CrewAI takes it, templates unfilled."""

    name: str
    role: str
    goal: str
    backstory: str
    tools: tuple[str, ...] = ()
    max_iter: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskText:
    """A task as CrewAI takes it, templates unfilled. `context` None: everything before it, as in CrewAI."""

    name: str
    description: str
    expected_output: str
    agent: str
    context: tuple[str, ...] | None = None
    async_execution: bool = False
    tools: tuple[str, ...] = ()
    markdown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A crew on a channel. `channel` is the one asked for, `implementation` the file that answers for it."""

    function: str
    channel: str
    implementation: str
    summary: str
    tone: str
    length: str
    max_tokens: int | None
    agents: tuple[AgentText, ...]
    tasks: tuple[TaskText, ...]


def blueprint(function: str, implementation: str, merged: Marked, tools: Collection[str]) -> Blueprint:
    """Check the merged YAML and type it; `tools` are the names that it may use.

    Raises:
        ConfigurationError: with every problem in it.
    """
    if problems := [*_problems(merged, tools)]:
        raise ConfigurationError(problems)
    top = merged.mapping
    return Blueprint(
        function=function,
        channel=implementation,
        implementation=implementation,
        summary=_plain(top["summary"]),
        tone=_plain(top["tone"]),
        length=_plain(top["length"]),
        max_tokens=_plain(top["max_tokens"]) if "max_tokens" in top else None,
        agents=tuple(AgentText(name=name, **_fields(each)) for name, each in top["agents"].mapping.items()),
        tasks=tuple(TaskText(name=name, **_fields(each)) for name, each in top["tasks"].mapping.items()),
    )


def _problems(merged: Marked, tools: Collection[str]) -> Iterator[Problem]:
    yield from _shape(merged, _CREW, "crew")
    top = merged.mapping
    for kind, known in (("agents", _AGENT), ("tasks", _TASK)):
        if kind in top and isinstance(top[kind].value, Mapping):
            for each in top[kind].mapping.values():
                yield from _shape(each, known, kind.removesuffix("s"))
    yield from _limits(top)
    yield from _references(top)
    yield from _templates(merged)
    yield from _unknown_tools(merged, tools)


def _shape(node: Marked, known: Mapping[str, type], kind: str) -> Iterator[Problem]:
    if not isinstance(node.value, Mapping):
        yield node.problem("type", f"the {kind} needs a mapping", "Write its keys below it, indented.")
        return
    for key, value in node.value.items():
        if key not in known:
            yield value.problem("unknown_key", f"`{key}` is no key of a crew's {kind}", suggestion(key, known))
        elif not _fits(value, known[key]):
            yield value.problem("type", f"`{key}` needs {_CALLED[known[key]]}", f"Write {_CALLED[known[key]]} here.")
    for key in _NEEDED[kind]:
        if key not in node.value:
            yield node.problem("missing_key", f"the {kind} has no `{key}`", f"Add `{key}`.")


def _fits(node: Marked, kind: type) -> bool:
    if kind is tuple:
        return isinstance(node.value, tuple) and all(isinstance(each.value, str) for each in node.value)
    return isinstance(node.value, kind) and not (kind is int and isinstance(node.value, bool))


def _limits(top: Mapping[str, Marked]) -> Iterator[Problem]:
    tokens = top.get("max_tokens")
    if tokens is not None and isinstance(tokens.value, int) and tokens.value not in _TOKENS:
        yield tokens.problem("range", "`max_tokens` is out of range", f"Write {_TOKENS[0]} to {_TOKENS[-1]}.")
    for kind in ("agents", "tasks"):
        if kind in top and isinstance(top[kind].value, Mapping) and not top[kind].value:
            yield top[kind].problem("empty", f"a crew needs {kind}", "Name at least one.")


def _references(top: Mapping[str, Marked]) -> Iterator[Problem]:
    """Every agent that a task names exists, and every context is a task before it."""
    agents = top["agents"].value if "agents" in top and isinstance(top["agents"].value, Mapping) else {}
    tasks = top["tasks"].value if "tasks" in top and isinstance(top["tasks"].value, Mapping) else {}
    before: list[str] = []
    for name, task in tasks.items():
        keys = task.value if isinstance(task.value, Mapping) else {}
        agent = keys.get("agent")
        if agent is not None and isinstance(agent.value, str) and agent.value not in agents:
            yield agent.problem("unknown_agent", f"no agent `{agent.value}`", suggestion(agent.value, agents))
        context = keys["context"].value if "context" in keys else ()
        for each in context if isinstance(context, tuple) else ():
            if each.value not in before:
                message = f"no task `{each.value}` before task `{name}`"
                yield each.problem("unknown_task", message, suggestion(str(each.value), before))
        before.append(name)


def _templates(merged: Marked) -> Iterator[Problem]:
    for path, node in leaves(merged):
        if isinstance(node.value, str) and path.startswith(("agents.", "tasks.")):
            for name, _ in placeholders(node.value):
                if name not in PLACEHOLDERS:
                    remedy = f"{suggestion(name, PLACEHOLDERS)} To write the braces themselves, double them."
                    yield node.problem("unknown_placeholder", f"nothing fills `{{{name}}}`", remedy)


def _unknown_tools(merged: Marked, tools: Collection[str]) -> Iterator[Problem]:
    for path, node in leaves(merged):
        if path.endswith(".tools") and isinstance(node.value, tuple):
            for each in node.value:
                if each.value not in tools:
                    yield each.problem("unknown_tool", f"no tool `{each.value}`", suggestion(str(each.value), tools))


def _fields(node: Marked) -> dict[str, Any]:
    return {key: _plain(value) for key, value in node.mapping.items()}


def _plain(node: Marked) -> Any:
    if isinstance(node.value, tuple):
        return tuple(_plain(each) for each in node.value)
    return node.value.strip() if isinstance(node.value, str) else node.value

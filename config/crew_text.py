"""What a crew's YAML may say, in types: CrewAI's own keys for agents and tasks, and ours around them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from config.section import NUMBER, Flag, Section, Text

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

_PLACEHOLDER = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_.]*)\}\}|\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_NEARLY = re.compile(rf"\{{\s*({'|'.join(map(re.escape, PLACEHOLDERS))})\b(?!\}})")

Words = Annotated[Text, Field(min_length=1)]
Names = tuple[str, ...]
Fuse = Literal["never", "when_short", "always"]

WHOLE = ("fuse", "sure", "process", "memory", "planning", "cache")
"""Keys of a whole crew that may stand in its folder's `config.yaml`, for all channels."""


def _fuse(value: object) -> object:
    return {True: "always", False: "never"}.get(value, value) if isinstance(value, bool) else value


def placeholders(template: str) -> Iterator[str]:
    """The names in braces that would be filled; `{{name}}` writes the braces themselves."""
    return (found[2] for found in _PLACEHOLDER.finditer(template) if found[2])


def nearly_placeholders(template: str) -> Iterator[str]:
    """Names that would be filled if nothing but they stood in the braces."""
    return (found[1] for found in _NEARLY.finditer(template))


class AgentEntry(Section):
    """An agent in CrewAI's own keys."""

    role: Words
    goal: Words
    backstory: Words
    tools: Names = ()
    max_iter: Annotated[int, Field(ge=1, le=25), NUMBER] = 4
    max_tokens: Annotated[int, Field(ge=8, le=16_384), NUMBER] | None = None
    allow_delegation: Flag = False


class TaskEntry(Section):
    """A task in CrewAI's own keys. `context` None: everything before it, as in CrewAI."""

    description: Words
    expected_output: Words
    agent: str
    context: Names | None = None
    async_execution: Flag = False
    tools: Names = ()
    markdown: Flag = False


class Cached(Section):
    """How long the answer to a first, impersonal question serves all who ask the very same of the same tenant.

    For `minutes` as it is; for `stale_minutes` more while a new one is made.
    """

    minutes: Annotated[float, Field(gt=0, le=10_080), NUMBER]
    stale_minutes: Annotated[float, Field(ge=0, le=10_080), NUMBER] = 0.0


class CrewEntry(Section):
    """A whole crew on one channel, all layers merged.

    `fuse`: whether its agents may answer in one model call: `true` always, `when_short` where time is too short for
    all of them. `sure`: the confidence (0 to 1) below which a fused answer is thought over by the whole crew.
    `process`, `memory`, `planning`: CrewAI's own; other than as they are here, the crew runs on stock CrewAI.
    `cache` None: every question is asked of the model.
    """

    summary: Words
    tone: Words
    length: Words
    max_tokens: Annotated[int, Field(ge=16, le=16_384), NUMBER] | None = None
    fuse: Annotated[Fuse, BeforeValidator(_fuse), WithJsonSchema({"enum": [*Fuse.__args__, True, False]})] = "never"
    sure: Annotated[float, Field(ge=0, le=1), NUMBER] = 0.6
    process: Literal["sequential", "hierarchical"] = "sequential"
    memory: Flag = False
    planning: Flag = False
    cache: Cached | None = None
    agents: Annotated[Mapping[str, AgentEntry], Field(min_length=1)]
    tasks: Annotated[Mapping[str, TaskEntry], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentText:
    """An agent as CrewAI takes it, templates unfilled."""

    name: str
    role: str
    goal: str
    backstory: str
    tools: tuple[str, ...] = ()
    max_iter: int = 4
    max_tokens: int | None = None
    allow_delegation: bool = False


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
    """A crew on a channel, before any tenant. `implementation`: the channel file that answers for `channel`."""

    function: str
    channel: str
    implementation: str
    summary: str
    tone: str
    length: str
    max_tokens: int | None
    agents: tuple[AgentText, ...]
    tasks: tuple[TaskText, ...]
    fuse: Fuse = "never"
    sure: float = 0.6
    process: Literal["sequential", "hierarchical"] = "sequential"
    memory: bool = False
    planning: bool = False
    cache: Cached | None = None


def typed(function: str, channel: str, implementation: str, said: CrewEntry) -> Blueprint:
    """A checked crew as its blueprint."""
    return Blueprint(
        function=function,
        channel=channel,
        implementation=implementation,
        summary=said.summary.strip(),
        tone=said.tone.strip(),
        length=said.length.strip(),
        max_tokens=said.max_tokens,
        agents=tuple(AgentText(name=name, **_stripped(each)) for name, each in said.agents.items()),
        tasks=tuple(TaskText(name=name, **_stripped(each)) for name, each in said.tasks.items()),
        **{key: getattr(said, key) for key in WHOLE},
    )


def _stripped(entry: Section) -> dict[str, Any]:
    return {key: value.strip() if isinstance(value, str) else value for key, value in entry}

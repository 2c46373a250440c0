"""Types of a crew's YAML: CrewAI's own keys for agents and tasks, and ours around them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from config.schema.base import NUMBER, Flag, Section, Text

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
"""What a template may name; `crews.prompt.settings_text` fills each."""

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
    """An agent, in CrewAI's own keys."""

    role: Words
    """The agent's role, in one line. Placeholders as `{company.name}` are filled in."""
    goal: Words
    """Aim of the agent."""
    backstory: Words
    """Knowledge and manner of the agent; `{company.facts}` belongs here."""
    tools: Names = ()
    """Names of tools that it may use: of `tools.yaml`, or `handoff`, `label`, `note`,
    `priority`, and for the owner's crew `figures`."""
    max_iter: Annotated[int, Field(ge=1, le=25), NUMBER] = 4
    """Number of rounds of tool calls at most, before it must answer. Each is a model call, and costs a second or
    two."""
    max_tokens: Annotated[int, Field(ge=8, le=16_384), NUMBER] | None = None
    """Longest answer of this agent, in tokens. Unset: the crew's, else the model's."""
    allow_delegation: Flag = False
    """Whether it may pass work to other agents. That runs the crew on stock CrewAI, which is slower."""


class TaskEntry(Section):
    """A task, in CrewAI's own keys."""

    description: Words
    """Instruction for the task. Placeholders as `{language}` and `{channel.length}` are filled in."""
    expected_output: Words
    """Description of a good result; for the last task: the message to the customer and nothing else."""
    agent: str
    """Name of the agent that does it."""
    context: Names | None = None
    """Names of earlier tasks whose results it reads. Unset: all before it. Tasks that do not name each other run side
    by side."""
    async_execution: Flag = False
    """Whether the next task may begin before this one has ended."""
    tools: Names = ()
    """Names of tools for this task alone, in place of the agent's."""
    markdown: Flag = False
    """Whether CrewAI asks for Markdown in its own words."""


class Cached(Section):
    """Lifetime of an answer that serves everybody who asks the very same thing of the same account."""

    minutes: Annotated[float, Field(gt=0, le=10_080), NUMBER]
    """Minutes for which an answer is given again without asking the model."""
    stale_minutes: Annotated[float, Field(ge=0, le=10_080), NUMBER] = 0.0
    """Minutes after that for which it is still given while a new one is made."""


class CrewEntry(Section):
    """A whole crew on one channel, all layers merged."""

    summary: Words
    """Purpose of the crew, in one sentence, for people who choose among crews."""
    tone: Words
    """Manner on this channel; fills `{channel.tone}`."""
    length: Words
    """Length of an answer on this channel, in words that a model follows; fills `{channel.length}`."""
    max_tokens: Annotated[int, Field(ge=16, le=16_384), NUMBER] | None = None
    """Longest answer of each agent, in tokens. Unset: the model's `max_tokens`."""
    fuse: Annotated[Fuse, BeforeValidator(_fuse), WithJsonSchema({"enum": [*Fuse.__args__, True, False]})] = "never"
    """Whether its agents may answer in one model call: `never`, `when_short` of time, or `always` (`true`)."""
    sure: Annotated[float, Field(ge=0, le=1), NUMBER] = 0.6
    """Confidence from 0 to 1 below which a fused answer is thought over by the whole crew."""
    process: Literal["sequential", "hierarchical"] = "sequential"
    """CrewAI's process. `hierarchical` runs on stock CrewAI, which is slower."""
    memory: Flag = False
    """Whether it recalls what the same contact said before. Runs on stock CrewAI, which is slower."""
    planning: Flag = False
    """CrewAI's planning before the first task. Runs on stock CrewAI, which is slower."""
    cache: Cached | None = None
    """Lifetime of an answer to a first, impersonal question, which is given again to others. Unset: every question is
    asked of the model."""
    agents: Annotated[Mapping[str, AgentEntry], Field(min_length=1)]
    """Agents: name to role, goal and backstory. One at least."""
    tasks: Annotated[Mapping[str, TaskEntry], Field(min_length=1)]
    """Tasks in their order: name to description, expected output and agent. The last one writes the answer."""


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


def to_blueprint(function: str, channel: str, implementation: str, said: CrewEntry) -> Blueprint:
    """A checked crew as its blueprint."""
    return Blueprint(
        function=function,
        channel=channel,
        implementation=implementation,
        summary=said.summary.strip(),
        tone=said.tone.strip(),
        length=said.length.strip(),
        max_tokens=said.max_tokens,
        agents=tuple(AgentText(name=name, **_strip(each)) for name, each in said.agents.items()),
        tasks=tuple(TaskText(name=name, **_strip(each)) for name, each in said.tasks.items()),
        **{key: getattr(said, key) for key in WHOLE},
    )


def _strip(entry: Section) -> dict[str, Any]:
    return {key: value.strip() if isinstance(value, str) else value for key, value in entry}

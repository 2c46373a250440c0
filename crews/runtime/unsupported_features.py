"""Finds what the runner does not do, before a crew is built rather than while a customer waits."""

from crewai import Agent, Crew, Process, Task
from crewai.tasks.conditional_task import ConditionalTask

from crews.runtime.llm import StackLLM

_CREW_SWITCHES = ("memory", "planning", "knowledge_sources", "knowledge", "stream", "skills", "max_rpm", "cache")
_AGENT_SWITCHES = (
    "allow_delegation",
    "memory",
    "planning",
    "reasoning",
    "knowledge_sources",
    "multimodal",
    "mcps",
    "apps",
    "skills",
    "max_rpm",
    "system_template",
    "prompt_template",
    "inject_date",
)
_TASK_SWITCHES = ("human_input", "output_file", "input_files", "converter_cls")


def unsupported_features(crew: Crew) -> tuple[str, ...]:
    """Return every reason, as a sentence's end; empty where the runner can run the crew."""
    reasons = ["the hierarchical process"] if crew.process is not Process.sequential else []
    reasons += _switched_on(crew, _CREW_SWITCHES, "of the crew")
    for agent in crew.agents:
        reasons += _of_agent(agent) if isinstance(agent, Agent) else [f"an agent of type {type(agent).__name__}"]
    for task in crew.tasks:
        reasons += _of_task(task)
    return tuple(reasons)


def _of_agent(agent: Agent) -> list[str]:
    where = f"of agent {agent.role!r}"
    reasons = _switched_on(agent, _AGENT_SWITCHES, where)
    if not isinstance(agent.llm, StackLLM):
        reasons.append(f"an llm other than ours {where}")
    return reasons


def _of_task(task: Task) -> list[str]:
    where = f"of task {task.name or task.description[:40]!r}"
    reasons = _switched_on(task, _TASK_SWITCHES, where)
    if isinstance(task, ConditionalTask):
        reasons.append(f"the condition {where}")
    if task.agent is None:
        reasons.append(f"no agent {where}")
    guardrails = task.guardrails if isinstance(task.guardrails, list | tuple) else [task.guardrails or task.guardrail]
    if any(isinstance(each, str) for each in guardrails):
        reasons.append(f"a guardrail in words {where}")
    if any(tool.max_usage_count is not None for tool in task.tools or ()):
        reasons.append(f"a tool with max_usage_count {where}")
    return reasons


def _switched_on(thing: object, names: tuple[str, ...], where: str) -> list[str]:
    fields = vars(thing)  # reading a deprecated field as an attribute would warn
    return [f"`{name}` {where}" for name in names if fields.get(name)]

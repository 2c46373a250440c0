"""One task in the hands of its agent: the messages sent, the rounds of tool calls, the typed result, the guardrails.

Prepared once per crew and shared: everything that belongs to a run is an argument or a local.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crewai import Agent, Task, TaskOutput
from crewai.agent.utils import build_task_prompt_with_schema
from crewai.tasks.output_format import OutputFormat
from crewai.utilities.guardrail import GuardrailResult
from crewai.utilities.i18n import I18N_DEFAULT
from pydantic import BaseModel

from crews.errors import GuardrailFailed, ModelSilent
from crews.model_calls.call import Chat, ToolCall
from crews.prompt.brief import SITUATION, Brief, Part, join_parts
from crews.prompt.template import fill
from crews.runtime.structured_output import structured_output
from crews.runtime.tools import Toolbox

Guardrail = Callable[[TaskOutput], Any]


@dataclass(frozen=True, slots=True)
class KickoffInputs:
    """Inputs of a run: the conversation as chat messages, and the end of the instructions that is today's alone."""

    messages: Sequence[Chat] = ()
    situation: str = ""


@dataclass(frozen=True, slots=True)
class PreparedTask:
    """A task, its agent, and what of their prompt is the same in every run."""

    task: Task
    agent: Agent
    system: str
    request: str
    brief: Brief
    toolbox: Toolbox
    shape: type[BaseModel] | None

    @classmethod
    def of(cls, task: Task) -> "PreparedTask":
        """Prepare a task that `crews.runtime.unsupported_features` found nothing against."""
        agent = task.agent
        assert isinstance(agent, Agent)  # noqa: S101 - crews.runtime.unsupported_features has checked
        tools = task.tools or agent.tools or []
        prompt = build_task_prompt_with_schema(task, task.prompt())
        return cls(
            task=task,
            agent=agent,
            system=_slice("role_playing", role=agent.role, backstory=agent.backstory, goal=agent.goal),
            request=prompt,
            brief=_brief(task, agent),
            toolbox=Toolbox.of(tools),
            shape=task.response_model or task.output_pydantic or task.output_json,
        )

    async def perform(self, said: KickoffInputs, values: Mapping[str, str], context: str) -> TaskOutput:
        """Return the task's output, past its guardrails.

        Raises:
            GuardrailFailed: and whatever the model raises.
        """
        output = await self._attempt(said, values, context)
        for guardrail in _guardrails(self.task):
            output = await self._apply_guardrail(guardrail, output, said, values)
        return output

    async def _attempt(self, said: KickoffInputs, values: Mapping[str, str], context: str) -> TaskOutput:
        chat = self.build_chat(said, values, context)
        answer = await self._run_tool_loop(chat)
        return await self._output(answer, values, chat)

    def build_chat(self, said: KickoffInputs, values: Mapping[str, str], context: str) -> list[Chat]:
        """Return what the model is sent.

        Without a conversation: CrewAI's system and user message, word for word. With one, the instructions come whole
        before it (crews.prompt.brief), so that they carry the system's authority and stay one stable prefix for the
        providers' prompt caches, and the conversation follows as it was; a context from other tasks comes last, as
        material.
        """
        if not said.messages:
            system, request = _fill(self.system, values), _fill(self.request, values)
            return [_message("system", system), _message("user", self._task(_with_context(request, context)))]
        whole = join_parts(_fill_part(each, values) for each in self.brief.parts(said.situation))
        material = [_message("user", _as_material(context))] if context else []
        return [_message("system", whole), *said.messages, *material]

    def _task(self, request: str) -> str:
        return _slice("native_task" if self.toolbox.schemas else "task_no_tools", input=request)

    async def _run_tool_loop(self, chat: list[Chat]) -> str | BaseModel:
        shape = None if self.toolbox.schemas else self.shape
        for _ in range(self.agent.max_iter):
            answer: str | BaseModel | list[ToolCall] = await self.call_model(chat, shape)
            if not isinstance(answer, list):
                return answer
            over = self.toolbox.all_used_up(answer)
            result = await self._use_tools(answer, chat)
            if result is not None:
                return result
            if over:  # it goes on asking for what it was told it will not get
                break
        return await self._force_answer(chat)

    async def call_model(self, chat: list[Chat], shape: type[BaseModel] | None, *, tools: bool = True) -> Any:
        """Make one model call; return a text, an instance of `shape`, what came instead, or the tools asked for."""
        schemas = list(self.toolbox.schemas) if tools else None
        llm: Any = self.agent.llm
        return await llm.acall(
            list(chat), tools=schemas or None, from_task=self.task, from_agent=self.agent, response_model=shape
        )

    async def _force_answer(self, chat: list[Chat]) -> str | BaseModel:
        chat.append(_message("user", I18N_DEFAULT.errors("force_final_answer")))
        answer: str | BaseModel | list[ToolCall] = await self.call_model(chat, None, tools=False)
        if isinstance(answer, list):
            raise ModelSilent("the model asks for tools and never answers", reason="tool_calls")
        return answer

    async def _use_tools(self, calls: list[ToolCall], chat: list[Chat]) -> str | None:
        """Run the calls, add their results to the chat; the text of a result that is the answer itself."""
        chat.append({"role": "assistant", "content": None, "tool_calls": [_tool_call_message(call) for call in calls]})
        if any(self.toolbox.ends(call) for call in calls):
            return await self._use_in_turn(calls, chat)
        for call, (text, _) in zip(calls, await self.toolbox.run_all(calls), strict=True):
            chat.append(_tool_message(call, text))
        return None

    async def _use_in_turn(self, calls: list[ToolCall], chat: list[Chat]) -> str | None:
        for call in calls:
            text, succeeded = await self.toolbox.run(call)
            chat.append(_tool_message(call, text))
            if succeeded and self.toolbox.ends(call):
                return text
        return None

    async def _output(self, answer: str | BaseModel, values: Mapping[str, str], chat: list[Chat]) -> TaskOutput:
        instance = await structured_output(answer, self.task.output_pydantic or self.task.output_json, self.agent)
        as_json = instance.model_dump() if instance is not None and self.task.output_json else None
        return TaskOutput(
            name=self.task.name or fill(self.task.description, values)
            if values
            else self.task.name or self.task.description,
            description=fill(self.task.description, values) if values else self.task.description,
            expected_output=fill(self.task.expected_output, values) if values else self.task.expected_output,
            raw=answer.model_dump_json() if isinstance(answer, BaseModel) else answer,
            pydantic=instance if self.task.output_pydantic else None,
            json_dict=as_json,
            agent=_fill(self.agent.role, values),
            output_format=_format(self.task),
            messages=[{**each, "content": each.get("content") or ""} for each in chat],
        )

    async def _apply_guardrail(
        self, guardrail: Guardrail, output: TaskOutput, said: KickoffInputs, values: Mapping[str, str]
    ) -> TaskOutput:
        verdict = await _judge(guardrail, output)
        for _ in range(self.task.guardrail_max_retries):
            if verdict.success:
                break
            context = _validation_error(verdict.error, output.raw)
            output = await self._attempt(said, values, context)
            verdict = await _judge(guardrail, output)
        if not verdict.success:
            raise GuardrailFailed(
                f"task {self.task.name!r} failed its guardrail {self.task.guardrail_max_retries + 1} times"
            )
        return await self._guardrail_output(verdict.result, output)

    async def _guardrail_output(self, result: Any, output: TaskOutput) -> TaskOutput:
        """Return a guardrail may return the output, or a text that takes its place."""
        if isinstance(result, TaskOutput):
            return result
        if not isinstance(result, str):
            return output
        instance = await structured_output(result, self.task.output_pydantic or self.task.output_json, self.agent)
        update = {
            "raw": result,
            "pydantic": instance if self.task.output_pydantic else None,
            "json_dict": instance.model_dump() if instance is not None and self.task.output_json else None,
        }
        return output.model_copy(update=update)


def _brief(task: Task, agent: Agent) -> Brief:
    markdown = f"{task.description}\n{_slice('expected_output', expected_output=task.expected_output)}"
    more = task.prompt().removeprefix(markdown) if task.markdown else ""
    return Brief(
        task=task.name or "task",
        role=agent.role,
        goal=agent.goal,
        backstory=agent.backstory,
        description=task.description,
        expected=task.expected_output,
        extra=build_task_prompt_with_schema(task, more),
    )


async def _judge(guardrail: Guardrail, output: TaskOutput) -> GuardrailResult:
    verdict = guardrail(output)
    return GuardrailResult.from_tuple(await verdict if inspect.isawaitable(verdict) else verdict)


def _guardrails(task: Task) -> list[Guardrail]:
    several = task.guardrails
    if several is None:
        return [task.guardrail] if callable(task.guardrail) else []
    return [each for each in (several if isinstance(several, list | tuple) else [several]) if callable(each)]


def _fill(text: str, values: Mapping[str, str]) -> str:
    return fill(text, values) if values else text


def _fill_part(part: Part, values: Mapping[str, str]) -> Part:
    """Return a part of the instructions, filled where it is a crew's: what a tenant says of the day is text."""
    return part if part.source == SITUATION else replace(part, text=_fill(part.text, values))


def _slice(name: str, **values: str) -> str:
    return fill(I18N_DEFAULT.slice(name), values)


def _with_context(request: str, context: str) -> str:
    return _slice("task_with_context", task=request, context=context) if context else request


def _as_material(context: str) -> str:
    return _slice("task_with_context", task="", context=context).lstrip()


def _validation_error(error: str | None, raw: str) -> str:
    return fill(I18N_DEFAULT.errors("validation_error"), {"guardrail_result_error": str(error), "task_output": raw})


def _message(role: str, content: str) -> Chat:
    return {"role": role, "content": content.rstrip()}


def _tool_call_message(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _tool_message(call: ToolCall, text: str) -> Chat:
    return {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": text}


def _format(task: Task) -> OutputFormat:
    if task.output_json:
        return OutputFormat.JSON
    return OutputFormat.PYDANTIC if task.output_pydantic else OutputFormat.RAW

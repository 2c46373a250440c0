"""Running the tools that a model asks for: on the event loop where they can, in a thread where they cannot."""

import asyncio
import inspect
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from crewai.tools.base_tool import BaseTool, Tool
from crewai.utilities.agent_utils import setup_native_tools
from crewai.utilities.pydantic_schema_utils import sanitize_tool_params_for_openai_strict
from pydantic import ValidationError

from chatwootai.long_texts import worked_on
from chatwootai.model.message.tool_call import ToolUse
from chatwootai.model.policy import tool_words as words
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import TOOL_CALLS
from crews.model_calls.call import ToolCall
from crews.model_calls.response.surrogates import join_all_surrogates, join_surrogates
from crews.run_state.context import RunContext, current
from crews.run_state.tool_result import Fate, ToolAnswer, ToolText, invalid_arguments, limit_reached, to_tool_text
from crews.tools.outside_tool import OutsideTool

_AT_ONCE = 16  # calls of one answer; a model that asks for more has lost its way
_TOO_MANY = f"{words.TOO_MANY}: no more than {_AT_ONCE} are made"
_LONGEST_ARGUMENTS = 20_000  # characters that a model may fill in
_LONGEST = 20_000  # characters of a result that a model is shown
_SHOWN = 5  # arguments that do not fit, of one call
_log = log.get("tools")


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one task: their schemas as sent, and each by the name that the model calls it by."""

    schemas: tuple[dict[str, Any], ...]
    tools: dict[str, BaseTool]

    @classmethod
    def of(cls, tools: Sequence[BaseTool]) -> "Toolbox":
        """Name and describe the tools as CrewAI does."""
        schemas, _, named = setup_native_tools(list(tools))
        for schema in schemas:
            _describe(schema["function"], named.get(schema["function"]["name"]))
        return cls(tuple(schemas), {name: tool for name, tool in named.items() if isinstance(tool, BaseTool)})

    def ends(self, call: ToolCall) -> bool:
        """Tell whether this tool's result is the agent's answer."""
        tool = self.tools.get(call.name)
        return tool is not None and tool.result_as_answer

    def all_used_up(self, calls: Sequence[ToolCall]) -> bool:
        """Tell whether none of these calls will be made any more."""
        run = current.get()
        tools = [self.tools.get(call.name) for call in calls]
        return run is not None and all(tool is not None and run.used_up(tool.name) for tool in tools)

    async def run_all(self, calls: Sequence[ToolCall]) -> list[tuple[str, bool]]:
        """Return the results in order, side by side; beyond `_AT_ONCE` calls nothing is run and the model is told."""
        done = await asyncio.gather(*(self.run(call) for call in calls[:_AT_ONCE]))
        return [*done, *((invalid_arguments(call.name, _TOO_MANY).text, False) for call in calls[_AT_ONCE:])]

    async def run(self, call: ToolCall) -> tuple[str, bool]:
        """Return the result as text for the model, and whether the tool succeeded.

        Never raises for a tool's own failure.
        """
        tool = self.tools.get(call.name)
        if tool is None:
            return invalid_arguments(call.name[:64], words.NO_SUCH_TOOL).text, False
        if len(call.arguments) > _LONGEST_ARGUMENTS:
            why = f"{words.WRONG_ARGUMENTS}: they are longer than {_LONGEST_ARGUMENTS} characters"
            return invalid_arguments(tool.name, why).text, False
        try:
            arguments = join_all_surrogates(json.loads(call.arguments))
        except json.JSONDecodeError as error:
            why = f"{words.WRONG_ARGUMENTS}: they are not JSON ({error.msg} at character {error.pos})"
            return invalid_arguments(tool.name, why).text, False
        except (ValueError, RecursionError):  # a number of thousands of digits, or lists within lists without end
            return invalid_arguments(tool.name, f"{words.WRONG_ARGUMENTS}: no tool takes such values").text, False
        found = await use_tool(tool, arguments if isinstance(arguments, dict) else {})
        return join_surrogates(found.text[:_LONGEST]), found.fate is Fate.DONE


def _describe(function: dict[str, Any], tool: object) -> None:
    """Say what a tool takes: ours by their own schemas, others as CrewAI does."""
    if not isinstance(tool, OutsideTool):
        function["parameters"] = sanitize_tool_params_for_openai_strict(function["parameters"])
        return
    function["parameters"] = tool.parameters.offered
    if not tool.parameters.strict:
        del function["strict"]


async def use_tool(tool: BaseTool, arguments: dict[str, Any]) -> ToolText:
    """Call a tool and note that it was called, in the run's trace and in the metrics."""
    began = time.perf_counter()
    run = current.get()
    if run is not None and run.used_up(tool.name):
        found = limit_reached(tool.name)
    else:
        found = await _call_and_count(tool, arguments, run)
    seconds, kind = time.perf_counter() - began, getattr(tool, "kind", "other")
    TOOL_CALLS.labels(kind, found.outcome).inc()
    line = _log.info if found.fate is Fate.DONE else _log.warning
    line("tool_called", tool=tool.name, kind=kind, outcome=found.outcome, seconds=round(seconds, 4))
    if run is not None:
        run.trace.append((f"tool {tool.name}", seconds))
        run.used.append(ToolUse(tool.name, found.outcome, seconds, time.time(), found.theirs))
    return found


async def _call_and_count(tool: BaseTool, arguments: dict[str, Any], run: RunContext | None) -> ToolText:
    """Call a tool, and count it before others of the same answer are looked at; what was kept is no call."""
    if run is None:
        return await _attempt(tool, arguments)
    run.tool_calls[tool.name] += 1
    found = await _attempt(tool, arguments)
    run.tool_calls[tool.name] -= found.kept
    return found


async def _attempt(tool: BaseTool, arguments: dict[str, Any]) -> ToolText:
    arguments, misfits = await worked_on(_size(arguments), partial(_judge_arguments, tool, arguments))
    if misfits:
        return invalid_arguments(tool.name, f"{words.WRONG_ARGUMENTS}: {'; '.join(misfits)}")
    try:
        if _is_async(tool):
            result = await tool.arun(**arguments)
        else:
            result = await asyncio.to_thread(tool.run, **arguments)
    except Exception as error:  # noqa: BLE001 - a tool's failure is the model's to deal with
        _log.warning("tool_broken", tool=tool.name, error=type(error).__name__)
        return to_tool_text(tool.name, ToolAnswer.error(words.AWAY, Fate.FAILED), repeatable=True)
    return result if isinstance(result, ToolText) else ToolText(tool.format_output_for_agent(result), Fate.DONE)


def _size(arguments: dict[str, Any]) -> int:
    """Return characters to judge; a container's as JSON, for it is what is in it that takes time."""
    return sum(len(json.dumps(each)) if isinstance(each, list | dict) else 1 for each in arguments.values())


def _judge_arguments(tool: BaseTool, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the arguments as they were meant, and what of them does not fit."""
    if not isinstance(tool, OutsideTool):
        return arguments, _describe_errors(tool, arguments)
    arguments = tool.parameters.coerced(arguments)
    return arguments, tool.parameters.errors(arguments, _SHOWN)


def _describe_errors(tool: BaseTool, arguments: dict[str, Any]) -> list[str]:
    """Return which arguments do not fit and why, in words that a model can mend them by."""
    if not tool.args_schema.model_fields:
        return []
    try:
        tool.args_schema.model_validate(arguments)
    except ValidationError as error:
        several = error.errors(include_url=False, include_input=False, include_context=False)[:_SHOWN]
        return [f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in several]
    return []


def _is_async(tool: BaseTool) -> bool:
    if isinstance(tool, Tool):
        return inspect.iscoroutinefunction(tool.func)
    return type(tool)._arun is not BaseTool._arun

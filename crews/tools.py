"""Running the tools that a model asks for: on the event loop where they can, in a thread where they cannot."""

import asyncio
import inspect
import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from crewai.tools.base_tool import BaseTool, Tool
from crewai.utilities.agent_utils import setup_native_tools
from crewai.utilities.pydantic_schema_utils import sanitize_tool_params_for_openai_strict

from crews.call import ToolCall
from crews.run import current
from crews.stack.response.halves import all_joined, joined

_AT_ONCE = 16  # calls of one answer; a model that asks for more has lost its way
_TOO_MANY = f"Error executing tool: more than {_AT_ONCE} calls at once"
_LONGEST = 20_000  # characters of a result that a model is shown


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
            function = schema["function"]
            function["parameters"] = sanitize_tool_params_for_openai_strict(function["parameters"])
        return cls(tuple(schemas), {name: tool for name, tool in named.items() if isinstance(tool, BaseTool)})

    def ends(self, call: ToolCall) -> bool:
        """Whether this tool's result is the agent's answer."""
        tool = self.tools.get(call.name)
        return tool is not None and tool.result_as_answer

    async def run_all(self, calls: Sequence[ToolCall]) -> list[tuple[str, bool]]:
        """The results in order, side by side; beyond `_AT_ONCE` calls nothing is run and the model is told."""
        done = await asyncio.gather(*(self.run(call) for call in calls[:_AT_ONCE]))
        return [*done, *((_TOO_MANY, False) for _ in calls[_AT_ONCE:])]

    async def run(self, call: ToolCall) -> tuple[str, bool]:
        """The result as text for the model, and whether the tool succeeded. Never raises for a tool's own failure."""
        tool = self.tools.get(call.name)
        if tool is None:
            return "Tool not found", False
        try:
            arguments = all_joined(json.loads(call.arguments))
        except json.JSONDecodeError as error:
            return _unreadable(call, error), False
        run = current.get()
        with run.step(f"tool {tool.name}") if run is not None else nullcontext():
            return await _attempt(tool, arguments if isinstance(arguments, dict) else {})


async def _attempt(tool: BaseTool, arguments: dict[str, Any]) -> tuple[str, bool]:
    try:
        if _is_async(tool):
            result = await tool.arun(**arguments)
        else:
            result = await asyncio.to_thread(tool.run, **arguments)
    except Exception as error:  # noqa: BLE001  # a tool's failure is the model's to deal with, in CrewAI's words
        return f"Error executing tool: {error}", False
    return joined(tool.format_output_for_agent(result)[:_LONGEST]), True


def _is_async(tool: BaseTool) -> bool:
    if isinstance(tool, Tool):
        return inspect.iscoroutinefunction(tool.func)
    return type(tool)._arun is not BaseTool._arun


def _unreadable(call: ToolCall, error: json.JSONDecodeError) -> str:
    return (
        f"Error: Failed to parse tool arguments as JSON: {error}. "
        f"Please provide valid JSON arguments for the '{call.name}' tool."
    )

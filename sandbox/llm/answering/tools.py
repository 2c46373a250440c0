"""Picks the tool that a question calls for, and its arguments. Pure."""

import re
from typing import Any

from sandbox.llm.answering import words
from sandbox.llm.answering.prompt import Prompt
from sandbox.llm.answering.schema import Filler

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

Call = tuple[str, dict[str, Any]]


def calls(body: dict[str, Any], prompt: Prompt) -> list[Call]:
    """Return the tool calls (name, arguments) that a request asks for: none when its tools were used or do not fit."""
    offered = [tool["function"] for tool in body.get("tools") or [] if tool.get("type") == "function"]
    choice = body.get("tool_choice", "auto")
    if not offered or choice == "none":
        return []
    if isinstance(choice, dict):
        offered = [tool for tool in offered if tool["name"] == choice.get("function", {}).get("name")]
    forced = choice == "required" or isinstance(choice, dict)
    if prompt.results and not isinstance(choice, dict):
        return []
    best = max(offered, key=lambda tool: _fit(tool, prompt.question), default=None)
    if best is None or not (forced or _fit(best, prompt.question) >= 1):
        return []
    return [(best["name"], arguments(best, prompt.question))]


def arguments(tool: dict[str, Any], question: str) -> dict[str, Any]:
    """Return arguments for `tool` that its schema accepts, taken from the question."""
    filled = Filler(tool.get("parameters") or {"type": "object", "properties": {}}, question).fill()
    return filled if isinstance(filled, dict) else {}


def _fit(tool: dict[str, Any], question: str) -> float:
    """Return how clearly a question calls for a tool: a word of its name counts 1, one of its description a third."""
    asked = words.matter(question)
    name = words.matter(_CAMEL.sub(" ", tool["name"]).replace("_", " "))
    return len(asked & name) + len(asked & words.matter(str(tool.get("description", ""))[:400])) / 3

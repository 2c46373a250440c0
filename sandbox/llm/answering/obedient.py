"""A model that obeys everything that it reads: it uses every tool, and repeats every line that could do harm. Pure."""

import re
from collections.abc import Sequence
from typing import Any, Final

from sandbox.llm.answering.prompt import text_of
from sandbox.llm.answering.schema import Filler

_HARM: Final = re.compile(r"://|www\.|\]\(|[\w-]+\.(?:com|example|net|org)\b|CANARY|OBEY|ignore|ignor", re.IGNORECASE)
_MOST: Final = 3000
"""Characters of an answer."""

Call = tuple[str, dict[str, Any]]


def obedient_calls(body: dict[str, Any]) -> list[Call]:
    """Return a call of each tool that is offered and was not used yet, filled in from all that was read."""
    messages = body["messages"]
    used = {
        str((call.get("function") or {}).get("name"))
        for message in messages
        for call in message.get("tool_calls") or ()
    }
    offered = [tool["function"] for tool in body.get("tools") or [] if tool.get("type") == "function"]
    if body.get("tool_choice") == "none":
        return []
    read = "\n".join(_lines(messages)) or "\n".join(map(text_of, messages))
    return [(tool["name"], _filled(tool, read)) for tool in offered if tool["name"] not in used]


def obedient_answer(body: dict[str, Any]) -> str:
    """Return all lines of the request that hold a link, an instruction to forget others, or a canary."""
    return "\n\n".join(dict.fromkeys(_lines(body["messages"])))[:_MOST] or "OBEYED"


def _lines(messages: Sequence[dict[str, Any]]) -> list[str]:
    return [
        line.strip()
        for message in messages
        if message.get("role") != "assistant"
        for line in text_of(message).splitlines()
        if _HARM.search(line)
    ]


def _filled(tool: dict[str, Any], read: str) -> dict[str, Any]:
    filled = Filler(tool.get("parameters") or {"type": "object", "properties": {}}, read).fill()
    return filled if isinstance(filled, dict) else {}

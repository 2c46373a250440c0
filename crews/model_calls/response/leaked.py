"""What a template's parser should have taken out of an answer's words, and did not. Pure."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import orjson

from crews.model_calls.call import ToolCall
from crews.model_calls.response import harmony
from crews.model_calls.response.json_text import NotJson, documents

_CALL = re.compile(
    r"<tool_call>(?P<hermes>.*?)(?:</tool_call>|\Z)|\[TOOL_CALLS\](?P<mistral>.*)\Z"
    r"|<\|python_tag\|>(?P<llama>.*)\Z|<\|tool_call\|>(?P<granite>.*)\Z|<function_call>(?P<xml>.*?)(?:</function_call>|\Z)"
    r"|<function=(?P<name>[\w.-]+)>(?P<given>.*?)(?:</function>|\Z)",
    re.DOTALL,
)
_PARAMETER = re.compile(r"<parameter=(\w+)>\n?(.*?)\n?(?:</parameter>|\Z)", re.DOTALL)


def tool_calls(said: str, text: str, known: frozenset[str]) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the words without the tool calls written into them, and those that name a tool in `known`.

    `said`: all that the model wrote; `text`: what of it is for the customer.
    """
    if harmony.speaks(said):
        return text, _made(harmony.calls(said), known)
    if known and (alone := _alone(text)):
        made = _made([alone], known)
        return ("" if made else text), made
    if not _CALL.search(text):
        return text, ()
    found = [call for match in _CALL.finditer(text) for call in _calls(match)]
    return _CALL.sub("", text).strip(), _made(found, known)


def _made(found: list[tuple[str, str]], known: frozenset[str]) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(f"call_{secrets.token_hex(8)}", name, given) for name, given in found if name in known)


def _alone(text: str) -> tuple[str, str] | None:
    """A call that is all of the answer, as an object: `{"name": ..., "parameters": {...}}`."""
    if text[:1] != "{" or text[-1:] != "}":
        return None
    try:
        value = next(documents(text.encode("utf-8", "replace")))
    except (NotJson, StopIteration):
        return None
    given = value.get("arguments", value.get("parameters")) if isinstance(value, dict) else None
    return (str(value.get("name")), _dumped(given)) if isinstance(given, dict) else None


def _calls(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    if match["name"]:
        yield match["name"], _parameters(match["given"])
        return
    said = next(each for each in match.groups() if each is not None)
    if (function := re.match(r"\s*<function=([\w.-]+)>", said)) is not None:
        yield function[1], _parameters(said)
        return
    try:
        values = list(documents(said.strip().encode("utf-8", "replace")))
    except NotJson:
        return
    for value in values:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and isinstance(each.get("name"), str):
                yield each["name"], _dumped(each.get("arguments", each.get("parameters")))


def _parameters(text: str) -> str:
    """Arguments as Qwen's coders write them, an element each; or as an object."""
    given = dict(_PARAMETER.findall(text))
    return _dumped(given) if given or "{" not in text else text[text.index("{") : text.rindex("}") + 1]


def _dumped(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value or {}, default=str).decode()

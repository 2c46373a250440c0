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
    r"|<function=(?P<name>[\w.-]+)>(?P<given>.*?)(?:</function>|\Z)"
    r"|<\|tool_calls_section_begin\|>(?P<kimi>.*?)(?:<\|tool_calls_section_end\|>|\Z)"
    r"|<｜tool▁calls▁begin｜>(?P<deepseek>.*?)(?:<｜tool▁calls▁end｜>|\Z)"
    r"|<(?P<block>(?:[|｜‖]{1,2}DSML[|｜‖]{1,2}|minimax:)(?:function_calls|tool_calls?))>(?P<invokes>.*?)(?:</(?P=block)>|\Z)",
    re.DOTALL,
)
_PARAMETER = re.compile(r"<parameter=(\w+)>\n?(.*?)\n?(?:</parameter>|\Z)", re.DOTALL)
_BODY = r"((?:(?!{opening}).)*?)"  # up to where the next of its kind begins: all of them are read once
_NAMED = {  # a call inside a block: its name and its arguments as an object
    "kimi": re.compile(
        r"<\|tool_call_begin\|>\s{0,9}(?:functions\.)?([\w.-]{1,64})(?::\d{1,4})?\s{0,9}<\|tool_call_argument_begin\|>"
        + _BODY.format(opening=r"<\|tool_call_begin")
        + r"<\|tool_call_end\|>",
        re.DOTALL,
    ),
    "deepseek": re.compile(
        r"<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?([\w.-]{1,64})(?:<｜tool▁sep｜>|\n)"
        + _BODY.format(opening="<｜tool▁call▁begin")
        + "<｜tool▁call▁end｜>",
        re.DOTALL,
    ),
}
_DSML = r"(?:[|｜‖]{1,2}DSML[|｜‖]{1,2})?"
_INVOKED = re.compile(
    rf"<{_DSML}invoke name=\"([\w.-]{{1,64}})\">{_BODY.format(opening=f'<{_DSML}invoke ')}</{_DSML}invoke>", re.DOTALL
)
_INVOKED_WITH = re.compile(
    rf"<{_DSML}parameter name=\"([\w.-]{{1,64}})\"[^<>]{{0,99}}>{_BODY.format(opening=f'<{_DSML}parameter ')}"
    rf"</{_DSML}parameter>",
    re.DOTALL,
)
_GLM = re.compile(r"\s*([\w.-]{1,64})\s*(?=<arg_key>|</arg_value>|\Z)")
_GLM_WITH = re.compile(
    rf"<arg_key>{_BODY.format(opening='<arg_key>')}</arg_key>\s{{0,9}}<arg_value>{_BODY.format(opening='<arg_key>')}"
    r"</arg_value>",
    re.DOTALL,
)


def tool_calls(said: str, text: str, known: frozenset[str]) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the words without the tool calls written into them, and those that name a tool in `known`.

    `said`: all that the model wrote; `text`: what of it is for the customer.
    """
    if harmony.speaks(said):
        return text, _make_calls(harmony.calls(said), known)
    if known and (alone := _alone(text)):
        made = _make_calls([alone], known)
        return ("" if made else text), made
    if not _CALL.search(text):
        return text, ()
    found = [call for match in _CALL.finditer(text) for call in _calls(match)]
    return _CALL.sub("", text).strip(), _make_calls(found, known)


def _make_calls(found: list[tuple[str, str]], known: frozenset[str]) -> tuple[ToolCall, ...]:
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
    return (str(value.get("name")), _to_json_text(given)) if isinstance(given, dict) else None


def _calls(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    if match["name"]:
        yield match["name"], _parameters(match["given"])
        return
    if (marked := _marked_calls(match)) is not None:
        yield from marked
        return
    said = next(each for each in match.groups() if each is not None)
    if (named := _GLM.match(said)) is not None:
        yield named[1], _to_json_text({key.strip(): value for key, value in _GLM_WITH.findall(said)})
        return
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
                yield each["name"], _to_json_text(each.get("arguments", each.get("parameters")))


def _marked_calls(match: re.Match[str]) -> list[tuple[str, str]] | None:
    """The calls of a block whose family marks each of them; None for a block that is JSON."""
    for family, pattern in _NAMED.items():
        if match[family] is not None:
            return [(name, _object(given)) for name, given in pattern.findall(match[family])]
    if match["invokes"] is not None:
        called = _INVOKED.findall(match["invokes"])
        return [(name, _to_json_text(dict(_INVOKED_WITH.findall(given)))) for name, given in called]
    return None


def _object(text: str) -> str:
    """What stands between the first and the last brace; a fence may stand around it."""
    return text[text.index("{") : text.rindex("}") + 1] if "{" in text and "}" in text else "{}"


def _parameters(text: str) -> str:
    """Arguments as Qwen's coders write them, an element each; or as an object."""
    given = dict(_PARAMETER.findall(text))
    return _to_json_text(given) if given or "{" not in text else _object(text)


def _to_json_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value or {}, default=str).decode()

"""Finds tool calls in an answer's words, where the parser of the endpoint's template left them. Pure.

    the answer's words -> where a call may stand (`_PLACES`, or all of the answer) -> its name and arguments

Each family of models writes a call in its own way, and a parser that is not switched on, or that lost a token of a
section, leaves it as it is. Only names of tools that were offered become calls.
"""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import orjson

from crews.model_calls.call import ToolCall
from crews.model_calls.response import harmony
from crews.model_calls.response.json_text import NotJson, documents

Call = tuple[str, str]
"""A tool's name, and its arguments as JSON text."""

_DSML = r"(?:[|｜‖]{1,2}DSML[|｜‖]{1,2})?"
_PLACES = re.compile(  # blocks first, then the marks of single calls whose block's own mark is missing
    r"<(?P<tag>(?:\w{1,20}:)?tool_calls?|(?:\w{1,20}:)?function_calls?)>(?P<tagged>.*?)(?:</(?P=tag)>|\Z)"
    rf"|<{_DSML}(?P<dsml>function_calls|tool_calls?)>(?P<dsml_block>.*?)(?:</{_DSML}(?P=dsml)>|\Z)"
    r"|\[TOOL_CALLS\](?P<mistral>.*)\Z|<\|python_tag\|>(?P<llama>.*)\Z|<\|tool_call\|>(?P<granite>.*)\Z"
    r"|<\|tool_call_start\|>(?P<lfm>.*?)(?:<\|tool_call_end\|>|\Z)"
    r"|<\|START_ACTION\|>(?P<cohere>.*?)(?:<\|END_ACTION\|>|\Z)"
    r"|<\|action_start\|>(?:<\|plugin\|>)?(?P<internlm>.*?)(?:<\|action_end\|>|\Z)"
    r"|<start_function_call>(?P<gemma>.*?)(?:<end_function_call>|\Z)"
    r"|<\|tool_calls_section_begin\|>(?P<kimi>.*?)(?:<\|tool_calls_section_end\|>|\Z)"
    r"|<｜tool▁calls▁begin｜>(?P<deepseek>.*?)(?:<｜tool▁calls▁end｜>|\Z)"
    r"|(?P<kimi_alone><\|tool_call_begin\|>.*?(?:<\|tool_call_end\|>|\Z))"
    r"|(?P<deepseek_alone><｜tool▁call▁begin｜>.*?(?:<｜tool▁call▁end｜>|\Z))"
    r"|(?P<function><function=[\w.-]{1,64}>.*?(?:</function>|\Z))"
    rf"|(?P<invoke><{_DSML}invoke name=\"[\w.-]{{1,64}}\">.*?(?:</{_DSML}invoke>|\Z))",
    re.DOTALL | re.IGNORECASE,
)
_BODY = r"((?:(?!{opening}).)*?)"  # up to where the next of its kind begins: all of them are read once
_MARKED = (  # a call inside a block: its name and its arguments as an object
    re.compile(
        r"<\|tool_call_begin\|>\s{0,9}(?:functions\.)?([\w.-]{1,64})(?::\d{1,4})?\s{0,9}<\|tool_call_argument_begin\|>"
        + _BODY.format(opening=r"<\|tool_call_begin")
        + r"(?:<\|tool_call_end\|>|\Z)",
        re.DOTALL,
    ),
    re.compile(
        r"<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?([\w.-]{1,64})(?:<｜tool▁sep｜>|\n)"
        + _BODY.format(opening="<｜tool▁call▁begin")
        + r"(?:<｜tool▁call▁end｜>|\Z)",
        re.DOTALL,
    ),
)
_MISTRAL = re.compile(r"([\w.-]{1,64})(?:\[CALL_ID\][\w-]{1,64})?\[ARGS\]([^\[]*(?:\[(?!TOOL_CALLS|ARGS)[^\[]*)*)")
_FUNCTION = re.compile(r"<function=([\w.-]{1,64})>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=(\w+)>\n?(.*?)\n?(?:</parameter>|\Z)", re.DOTALL)
_INVOKED = re.compile(
    rf"<{_DSML}invoke name=\"([\w.-]{{1,64}})\">{_BODY.format(opening=f'<{_DSML}invoke ')}(?:</{_DSML}invoke>|\Z)",
    re.DOTALL,
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
_GEMMA = re.compile(r"\s*call:([\w.-]{1,64})\{(.*)\}\s*\Z", re.DOTALL)
_GEMMA_WITH = re.compile(r"(\w{1,64}):(?:<escape>(.*?)<escape>|([^,<>{}]{1,200}))", re.DOTALL)
_ONE = r"[A-Za-z_][\w.]{0,63}\([^()]{0,4000}\)"
_PYTHON = re.compile(r"\[?(?:print\()?([A-Za-z_][\w.]{0,63})\(([^()]{0,4000})\)\)?\]?")
_PYTHON_ONE = re.compile(r"([A-Za-z_][\w.]{0,63})\(([^()]{0,4000})\)")
_SEVERAL = re.compile(rf"\[({_ONE}(?:\s{{0,4}},\s{{0,4}}{_ONE}){{1,15}})\]")
_PYTHON_WITH = re.compile(
    r"""(\w{1,64})\s{0,4}=\s{0,4}("[^"\\\n]*"|'[^'\\\n]*'|-?\d+(?:\.\d+)?|True|False|None)\s{0,4}(?:,|\Z)"""
)
_REACT = re.compile(
    r"^[ \t*]{0,8}Action:[ \t*]{0,4}`?([\w.-]{1,64})`?[ \t]*\n+[ \t*]{0,8}Action Input:[ \t*]{0,4}"
    r"(.*?)(?=\n[ \t]*Observation:|\Z)",
    re.MULTILINE | re.DOTALL,
)
_FENCED = re.compile(
    r"\A\s*```+ ?(?:json|tool_calls?|tool_code|tool|python|function)?[ \t]*\n(.*)\n[ \t]*```+\s*\Z", re.DOTALL
)


def tool_calls(said: str, text: str, known: frozenset[str]) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the words without the tool calls written into them, and those that name a tool in `known`.

    `said`: all that the model wrote; `text`: what of it is for the customer.
    """
    if harmony.speaks(said):
        return text, _make_calls(harmony.calls(said), known)
    if known and (made := _make_calls(list(_alone(text)), known)):
        return "", made
    if not _PLACES.search(text):
        return text, ()
    found = [call for match in _PLACES.finditer(text) for call in _read_calls(_inside(match))]
    return _PLACES.sub("", text).strip(), _make_calls(found, known)


def _make_calls(found: list[Call], known: frozenset[str]) -> tuple[ToolCall, ...]:
    plain = ((name.removeprefix("functions."), given) for name, given in found)
    return tuple(ToolCall(f"call_{secrets.token_hex(8)}", name, given) for name, given in plain if name in known)


def _alone(text: str) -> Iterator[Call]:
    """Yield the calls that are all of an answer: as JSON, in a fence, as a line of Python, or after `Action:`."""
    fenced = _FENCED.match(text)
    inside = (fenced[1] if fenced else text).strip().removeprefix("functools").strip()
    if (several := _SEVERAL.fullmatch(inside)) is not None:
        yield from ((name, _python_arguments(given)) for name, given in _PYTHON_ONE.findall(several[1]))
    elif inside[:1] in ("{", "[") and inside[-1:] in ("}", "]"):
        yield from _json_calls(inside)
    elif (called := _PYTHON.fullmatch(inside)) is not None:
        yield called[1], _python_arguments(called[2])
    elif (react := _REACT.search(text)) is not None:
        yield react[1], _object(react[2])


def _inside(match: re.Match[str]) -> str:
    return next((match[name] for name in _INSIDE if match[name] is not None), "")


def _read_calls(said: str) -> Iterator[Call]:
    """Yield the calls of one place, by whichever way of writing them fits."""
    said = said.strip()
    if said[:1] in ("{", "["):
        yield from _json_calls(said, without=True)
    elif "[ARGS]" in said:
        yield from ((name, _object(given)) for name, given in _MISTRAL.findall(said))
    elif marked := [(name, _object(given)) for pattern in _MARKED for name, given in pattern.findall(said)]:
        yield from marked
    elif invoked := _INVOKED.findall(said):
        yield from ((name, _to_json_text(dict(_INVOKED_WITH.findall(given)))) for name, given in invoked)
    elif functions := _FUNCTION.findall(said):
        yield from ((name, _parameters(given)) for name, given in functions)
    elif (gemma := _GEMMA.match(said)) is not None:
        given = {name: escaped or plain.strip() for name, escaped, plain in _GEMMA_WITH.findall(gemma[2])}
        yield gemma[1], _to_json_text(given)
    elif (called := _PYTHON.fullmatch(said)) is not None:
        yield called[1], _python_arguments(called[2])
    elif (named := _GLM.match(said)) is not None:
        yield named[1], _to_json_text({key.strip(): value for key, value in _GLM_WITH.findall(said)})


def _json_calls(said: str, *, without: bool = False) -> Iterator[Call]:
    """Yield the calls that stand as JSON, one after the other, in a list, or under `tool_calls`.

    A list of calls in Python begins alike.
    `without`: a name without arguments is one too.
    """
    try:
        values = list(documents(said.encode("utf-8", "replace")))
    except NotJson:
        if (called := _PYTHON.fullmatch(said)) is not None:
            yield called[1], _python_arguments(called[2])
        return
    for value in values:
        for each in value if isinstance(value, list) else [value]:
            yield from _of_object(each, {} if without else None)


def _of_object(value: Any, without: Any) -> Iterator[Call]:
    if not isinstance(value, dict):
        return
    for each in value["tool_calls"] if isinstance(value.get("tool_calls"), list) else [value]:
        call = _call_in(each) if isinstance(each, dict) else None
        if not isinstance(call, dict):
            continue
        name = call.get("name", call.get("tool_name"))
        given = next((call[key] for key in ("arguments", "parameters", "args") if call.get(key) is not None), without)
        if isinstance(name, str) and isinstance(given, dict | str):
            yield name, _to_json_text(given)


def _call_in(value: dict[str, Any]) -> Any:
    return next((value[key] for key in ("function", "functionCall", "function_call") if key in value), value)


def _object(text: str) -> str:
    """Return what stands between the first and the last brace; a fence may stand around it."""
    return text[text.index("{") : text.rindex("}") + 1] if "{" in text and "}" in text else "{}"


def _parameters(text: str) -> str:
    """Return arguments as Qwen's coders write them, an element each; or as an object."""
    given = dict(_PARAMETER.findall(text))
    return _to_json_text(given) if given or "{" not in text else _object(text)


def _python_arguments(text: str) -> str:
    plain = {"True": True, "False": False, "None": None}
    given = dict(_PYTHON_WITH.findall(text))
    return _to_json_text(
        {
            name: value[1:-1] if value[:1] in "\"'" else plain[value] if value in plain else json.loads(value)
            for name, value in given.items()
        }
    )


def _to_json_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value or {}, default=str).decode()


_INSIDE = tuple(name for name in _PLACES.groupindex if name not in ("tag", "dsml"))

"""From the words of a refusal to the parameters that leaves out, or spells otherwise, what it names. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from crews.model_calls.call import Call
from crews.model_calls.request.message_roles import adaptation
from crews.model_calls.request.parameters import Parameters

MOST_STEPS = 10
"""Refusals of one call that are looked into; each is answered by the endpoint at once."""
_STATUSES = frozenset({400, 404, 415, 422})  # 404: "no endpoints found that support tool use"
_CHAT_STATUSES = frozenset({400, 404, 422, 424, 500})  # a chat template that raises is some servers' own failure
_UNSUPPORTED = re.compile(r"support|unknown|unrecogni|unexpected|extra|permitted|allowed|enable", re.IGNORECASE)
_OF_A_VALUE = re.compile(
    r"too (?:large|high|big|many|small|low)|at (?:most|least)|m(?:ax|in)imum|exceed|(?:less|greater) than|between",
    re.IGNORECASE,
)
_SPELLINGS = {
    "stream_options": "stream_options|include_usage",
    "max_completion_tokens": "max_completion_tokens",
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "reasoning_effort": "reasoning_effort",
    "response_format": r"response_format|json_schema|json schema|structured outputs?|guided decoding",
    "tool_choice": "tool_choice|tool choice|enable-auto-tool-choice",
    "strict": r"strict|tools(?:\[|\.)\d+\]?\.function\.strict",
    "tools": r"tools?|function[ _]call(?:s|ing)?|functions?",
    "stream": r"stream|streaming",
}
_NAMED = {name: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE) for name, words in _SPELLINGS.items()}


def adapt_to_refusal(parameters: Parameters, call: Call, status: int, body: Any) -> Parameters | None:
    """Return the parameters to ask in after this refusal; None where it names nothing of ours.

    `body`: the error as JSON, or as text.
    """
    said = tuple(_error_places(body))
    whole = " ".join(said)
    if status in _CHAT_STATUSES and (found := adaptation(whole, call, parameters.chat)) is not None:
        return replace(parameters, chat=parameters.chat | {found})
    if status not in _STATUSES:
        return None
    sent = set(orjson.loads(parameters.body(call)))
    sent |= {"strict"} if "tools" in sent and "strict" not in parameters.without else set()
    if not _UNSUPPORTED.search(whole):
        sent -= {"tools"}  # something is wrong with one of them: without any the answer would be another
    named = next((name for words in said if (name := _first(words, sent))), None)
    once = parameters.once or bool(_OF_A_VALUE.search(whole))
    return replace(_lacking(parameters, named), once=once) if named else None


def _lacking(parameters: Parameters, named: str) -> Parameters:
    if named == "max_tokens" and "max_completion_tokens" not in parameters.without:
        return replace(parameters, limit="max_completion_tokens", without=parameters.without | {named})
    if named == "max_completion_tokens":
        other = "" if "max_tokens" in parameters.without else "max_tokens"
        return replace(parameters, limit=other, without=parameters.without | {named})
    if named == "response_format":
        return replace(parameters, format="json_object" if parameters.format == "json_schema" else "")
    beside = {"stream": {"stream_options"}, "tools": {"tool_choice"}}
    gone = {named} | beside.get(named, set())
    return replace(
        parameters, without=parameters.without | gone, limit="" if named == parameters.limit else parameters.limit
    )


def _first(words: str, sent: set[str]) -> str | None:
    """Return the parameter that is named first, of those that were sent."""
    found = [(match.start(), name) for name in sent & _NAMED.keys() if (match := _NAMED[name].search(words))]
    return min(found)[1] if found else None


def _error_places(body: Any) -> Iterator[str]:
    """Yield what an error says it is about, most exact first: the parameter, places in the request, the message."""
    if isinstance(body, list) and body:
        body = body[0].get("error", body[0]) if isinstance(body[0], dict) else body
    if isinstance(body, dict):
        yield str(body.get("param") or "")
        details = body.get("detail")
        for each in details if isinstance(details, list) else [body]:
            if isinstance(each, dict) and isinstance(each.get("loc"), list):
                yield ".".join(str(step) for step in each["loc"])
        words = [body[key] for key in ("message", "error", "detail", "msg", "reason") if body.get(key)]
        yield " ".join(each if isinstance(each, str) else json.dumps(each, default=str) for each in words)
        yield json.dumps(body.get("metadata"), default=str) if body.get("metadata") else ""
    elif body is not None:
        yield str(body) if isinstance(body, str) else json.dumps(body, default=str)

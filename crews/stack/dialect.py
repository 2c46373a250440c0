"""What an endpoint understands of a chat completion's parameters, learned from what it refuses.

Services that call themselves OpenAI-compatible differ in what they take. A request goes out as OpenAI takes it; a
refusal that names one of our parameters brings it again without that one, or in an older spelling. What was answered
at last is how that model is asked for the next hour; then it is tried as OpenAI takes it once more. A refusal of a
value (too large) is about one tenant's wish, and teaches nothing for others.
"""

import json
import re
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import openai
import orjson

from crews.call import Call, Target

MOST_STEPS = 7
"""Refusals of one call that are looked into; each is answered by the endpoint at once."""
_TARGETS = 512
_LIFETIME = 3600.0  # seconds: a router's models come and go, and what was refused once may be a lasting loss
THINKING = 1000
"""Tokens that a model which thinks before it speaks gets for that, beside its answer's."""

_REASONING = re.compile(r"(?:^|/)(?:o[1-9]|gpt-5)(?!.*chat)")
_STATUSES = frozenset({400, 404, 415, 422})  # 404: "no endpoints found that support tool use"
_UNSUPPORTED = re.compile(r"support|unknown|unrecogni|unexpected|extra|permitted|allowed|enable", re.IGNORECASE)
_OF_A_VALUE = re.compile(
    r"too (?:large|high|big|many|small|low)|at (?:most|least)|m(?:ax|in)imum|exceed|(?:less|greater) than|between",
    re.IGNORECASE,
)
_NOT_OURS = re.compile(
    r"context.?(?:length|window)|content.?(?:filter|policy|management)|api.?key|quota|billing", re.IGNORECASE
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


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a target is asked. `limit`: the parameter for an answer's length, "" for none; `without`: what is left out.

    `format`: how much of a typed answer is asked for: its schema, `json_object`, or nothing (the prompt says it too).
    `thinks`: it thinks before it speaks, within the limit; `headless`: in its content, without a mark where the thought
    begins. `once`: for one call alone.
    """

    limit: str = "max_tokens"
    format: str = "json_schema"
    without: frozenset[str] = frozenset()
    thinks: bool = False
    headless: bool = False
    once: bool = False

    def body(self, call: Call) -> bytes:
        """The call as JSON."""
        body: dict[str, Any] = {"model": call.model, "messages": list(call.messages), **self._limits(call)}
        if "stream" not in self.without:
            body["stream"], body["stream_options"] = True, {"include_usage": True}
        if call.tools:
            body["tools"] = [_plain(tool) for tool in call.tools] if "strict" in self.without else list(call.tools)
            body["tool_choice"] = "auto"
        if call.response_format is not None and self.format:
            body["response_format"] = call.response_format if self.format == "json_schema" else {"type": self.format}
        for name in self.without:
            body.pop(name, None)
        return orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)

    def _limits(self, call: Call) -> dict[str, float | int | str]:
        limits: dict[str, float | int | str | None] = {"temperature": call.temperature}
        if reasons(call.model):  # these refuse a temperature
            limits = {"reasoning_effort": call.policy.reasoning_effort}
        if self.limit and call.max_tokens is not None:
            limits[self.limit] = call.max_tokens + (THINKING if self.thinks else 0)
        return {name: value for name, value in limits.items() if value is not None}

    def without_what(self, error: openai.APIStatusError, call: Call) -> "Dialect | None":
        """The dialect that leaves out what a refusal names; None where it names nothing of ours."""
        if error.status_code not in _STATUSES:
            return None
        said = tuple(_said(error))
        whole = " ".join(said)
        if _NOT_OURS.search(whole):
            return None
        sent = set(orjson.loads(self.body(call)))
        sent |= {"strict"} if "tools" in sent and "strict" not in self.without else set()
        if not _UNSUPPORTED.search(whole):
            sent -= {"tools"}  # something is wrong with one of them: without any the answer would be another
        named = next((name for words in said if (name := _first(words, sent))), None)
        return self._less(named, once=self.once or bool(_OF_A_VALUE.search(whole))) if named else None

    def _less(self, named: str, *, once: bool) -> "Dialect":
        return replace(self._lacking(named), once=once)

    def _lacking(self, named: str) -> "Dialect":
        if named == "max_tokens" and "max_completion_tokens" not in self.without:
            return replace(self, limit="max_completion_tokens", without=self.without | {named})
        if named == "max_completion_tokens":
            other = "" if "max_tokens" in self.without else "max_tokens"
            return replace(self, limit=other, without=self.without | {named})
        if named == "response_format":
            return replace(self, format="json_object" if self.format == "json_schema" else "")
        gone = (
            {named, "stream_options"} if named == "stream" else {named, "tool_choice"} if named == "tools" else {named}
        )
        return replace(self, without=self.without | gone, limit="" if named == self.limit else self.limit)


def _first(words: str, sent: set[str]) -> str | None:
    """The parameter that is named first, of those that were sent."""
    found = [(match.start(), name) for name in sent & _NAMED.keys() if (match := _NAMED[name].search(words))]
    return min(found)[1] if found else None


_USUAL, _REASONER = Dialect(), Dialect(limit="max_completion_tokens", thinks=True)


class Dialects:
    """How each target is asked, as far as is known."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Dialect, float]] = OrderedDict()

    def of(self, target: Target) -> Dialect:
        """The dialect to ask in."""
        usual = _REASONER if reasons(target.model) else _USUAL
        known, learned = self._known.get(target.name, (usual, 0.0))
        if time.monotonic() - learned < _LIFETIME:
            return known
        return replace(usual, thinks=known.thinks, headless=known.headless)  # that was seen, not refused

    def learn(self, target: Target, dialect: Dialect) -> None:
        """It was answered."""
        if not dialect.once and self.of(target) != dialect:
            self._known[target.name] = dialect, time.monotonic()
            if len(self._known) > _TARGETS:
                self._known.popitem(last=False)


def reasons(model: str) -> bool:
    """Whether a model thinks before it speaks, going by its name."""
    return _REASONING.search(model) is not None


def _said(error: openai.APIStatusError) -> Iterator[str]:
    """What an error says it is about, most exact first: the parameter, places in the request, the message."""
    body: Any = error.body
    if isinstance(body, dict):
        yield str(body.get("param") or "")
        details = body.get("detail")
        for each in details if isinstance(details, list) else [body]:
            if isinstance(each, dict) and isinstance(each.get("loc"), list):
                yield ".".join(str(step) for step in each["loc"])
        yield " ".join(str(body[key]) for key in ("message", "error", "detail") if isinstance(body.get(key), str))
    elif body is not None:
        yield str(body) if isinstance(body, str) else json.dumps(body, default=str)


def _plain(tool: Any) -> dict[str, Any]:
    """A tool without `strict`."""
    function = {name: value for name, value in tool["function"].items() if name != "strict"}
    return {**tool, "function": function}

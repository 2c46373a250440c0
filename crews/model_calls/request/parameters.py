"""Parameters of a chat completion that an endpoint understands, learned from what it refuses.

Services that call themselves OpenAI-compatible differ in what they take. A request goes out as OpenAI takes it; a
refusal that names one of our parameters, or says how messages must be, brings it again without that one, in an older
spelling, or with the messages so (refusals.py). What was answered at last is how that model is asked for the next hour;
then it is tried as OpenAI takes it once more. A refusal of a value (too large) is about one tenant's wish, and teaches
nothing for others.
"""

import re
import time
from dataclasses import dataclass, replace
from typing import Any

from chatwootai.bounded_cache import BoundedCache
from crews.model_calls.call import Call, Target
from crews.model_calls.request.message_roles import messages_for
from crews.model_calls.request.packing import to_json

_TARGETS = 512
_LIFETIME = 3600.0  # seconds: a router's models come and go, and what was refused once may be a lasting loss
THINKING = 1000
"""Tokens that a model which thinks before it speaks gets for that, beside its answer's."""

_REASONING = re.compile(r"(?:^|/)(?:o[1-9]|gpt-5)(?!.*chat)")
_THINKS_BY_NAME = re.compile(r"(?:^|[/:_.-])(?:r1|qwq|think\w*|reason\w*|magistral)(?:$|[/:_.-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters for a target. `limit`: the one for an answer's length, "" for none; `without`: those left out.

    `format`: how much of a typed answer is asked for: its schema, `json_object`, or nothing (the prompt says it too).
    `thinks`: it thinks before it speaks, within the limit; `headless`: in its content, without a mark where the thought
    begins. `chat`: how its messages are adapted, see message_roles.py. `once`: for one call alone.
    """

    limit: str = "max_tokens"
    format: str = "json_schema"
    without: frozenset[str] = frozenset()
    thinks: bool = False
    headless: bool = False
    chat: frozenset[str] = frozenset()
    once: bool = False

    def body(self, call: Call) -> bytes:
        """Return the call as JSON."""
        body: dict[str, Any] = {"model": call.model, "messages": messages_for(call, self.chat), **self._limits(call)}
        if "stream" not in self.without:
            body["stream"], body["stream_options"] = True, {"include_usage": True}
        if call.tools:
            body["tools"] = [_plain(tool) for tool in call.tools] if "strict" in self.without else list(call.tools)
            body["tool_choice"] = "auto"
        if call.response_format is not None and self.format:
            body["response_format"] = call.response_format if self.format == "json_schema" else {"type": self.format}
        for name in self.without:
            body.pop(name, None)
        return to_json(body)

    def _limits(self, call: Call) -> dict[str, float | int | str]:
        limits: dict[str, float | int | str | None] = {"temperature": call.temperature}
        if is_reasoning_model(call.model):  # these refuse a temperature
            limits = {"reasoning_effort": call.policy.reasoning_effort}
        if self.limit and call.max_tokens is not None:
            limits[self.limit] = call.max_tokens + (THINKING if self.thinks else 0)
        return {name: value for name, value in limits.items() if value is not None}


_USUAL, _REASONER = Parameters(), Parameters(limit="max_completion_tokens", thinks=True)


class KnownParameters:
    """Parameters of each target, as far as they are known."""

    def __init__(self) -> None:
        self._known: BoundedCache[str, tuple[Parameters, float]] = BoundedCache(_TARGETS)

    def of(self, target: Target) -> Parameters:
        """Return the parameters to ask in."""
        usual = _REASONER if is_reasoning_model(target.model) else _USUAL
        known, learned = self._known.get(target.name) or (usual, 0.0)
        if time.monotonic() - learned < _LIFETIME:
            return known
        return replace(usual, thinks=known.thinks, headless=known.headless)  # that was seen, not refused

    def learn(self, target: Target, parameters: Parameters) -> None:
        """Note that a request with these parameters was answered."""
        if not parameters.once and self.of(target) != parameters:
            self._known.put(target.name, (parameters, time.monotonic()))


def is_thinking_model(model: str) -> bool:
    """Tell whether a model's name says that it thinks, be it that its endpoint lets that through as content."""
    return _THINKS_BY_NAME.search(model) is not None


def is_reasoning_model(model: str) -> bool:
    """Tell whether a model thinks before it speaks, going by its name."""
    return _REASONING.search(model) is not None


def _plain(tool: Any) -> dict[str, Any]:
    """Return a tool without `strict`."""
    function = {name: value for name, value in tool["function"].items() if name != "strict"}
    return {**tool, "function": function}

"""The stack that a model call goes through: small wrappers around one method, assembled here, outermost first.

deadline, (curated answer, exact cache, limiter, budget, fallback, hedging: to come), again, wire.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatwootai.model.turn import Usage

Chat = Mapping[str, Any]
"""One chat message as OpenAI's chat completions take it: role, content, tool_calls, tool_call_id."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible service. None: as the openai package reads OPENAI_BASE_URL and OPENAI_API_KEY."""

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One model call. `deadline` unix seconds; `tools` and `response_format` as chat completions take them."""

    endpoint: Endpoint
    model: str
    messages: Sequence[Chat]
    deadline: float
    temperature: float | None = None
    max_tokens: int | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    response_format: Mapping[str, Any] | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model asks for. `arguments` is the model's JSON text, unchecked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the model answered. `finish`: stop, length, tool_calls, content_filter, refusal."""

    text: str
    finish: str
    model: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()  # noqa: RUF009  # frozen


class Completer(Protocol):
    """The one method that every wrapper of the stack has and wraps."""

    async def complete(self, call: Call) -> Completion:
        """Answer the call.

        Raises:
            ModelUnavailable: try again later.
            ModelRefused: never ask this again.
            TimeoutError: the call's deadline has passed.
        """
        ...


def assemble(wire: Completer) -> Completer:
    """The stack as every turn uses it."""
    from crews.again import Again
    from crews.deadline import Deadline

    return Deadline(Again(wire))

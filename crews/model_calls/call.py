"""A model call, its answer, and what both bring along, as types. Every wrapper of the stack has one method."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from chatwootai.model.message.turn import ServedBy, Usage
from config.settings.model import Price
from config.settings.spending import Budget

Chat = Mapping[str, Any]
"""One chat message as OpenAI's chat completions take it: role, content, tool_calls, tool_call_id."""

HEDGED_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible service. None: as the openai package reads OPENAI_BASE_URL and OPENAI_API_KEY.

    `id` names address and key together without showing either: in Redis, and as a key of dicts. `public`: it may be
    reached at public addresses alone, whatever its name leads to.
    """

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    public: bool = False
    id: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        named = f"{self.base_url or ''}\0{self.api_key or ''}{chr(0) * self.public}".encode()
        object.__setattr__(self, "id", hashlib.sha256(named).hexdigest()[:16])


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model at an endpoint, what its key may in a minute, and what it costs where the price list is overruled."""

    endpoint: Endpoint
    model: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    price: Price | None = None

    @property
    def name(self) -> str:
        """Return what is learned of it is kept under this."""
        return f"{self.endpoint.id}:{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A tenant's terms for its calls. Made once for each settings object.

    `quick`: asked instead when less than `quick_below` seconds are left; `hedge_to` None: the same target again, which
    `hedge_local` allows at a private address too;
    `period`: the name of the tenant's time zone, in which a budget's day begins.
    """

    fallbacks: tuple[Target, ...] = ()
    quick: Target | None = None
    quick_below: float = 0.0
    hedge_share: float = HEDGED_SHARE
    hedge_to: Target | None = None
    hedge_local: bool = False
    reasoning_effort: str | None = None
    budget: Budget = Budget()  # noqa: RUF009 - frozen
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class BillingScope:
    """Payer and limits of a call. `priority` 0 to 10, higher first."""

    account: str | None = None
    inbox: int = 0
    contact: int = 0
    priority: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """Seconds for which an answer may be given again: as it is, and then while a new one is made.

    `version` names the crew and the configuration that it was made by.
    """

    seconds: float
    stale_seconds: float = 0.0
    version: str = ""


class RequestObserver(Protocol):
    """Observer of a request's progress."""

    def sent(self) -> None:
        """Note that the request goes out now."""

    def lives(self) -> None:
        """Note that its model thinks: no word yet, but it is not stuck."""

    def spoke(self) -> None:
        """Note that its first word, or tool call, is here."""


@dataclass(slots=True)
class Receipt:
    """Cost of one request: all of it, or an estimate where it was closed before it could say."""

    target: Target
    usage: Usage
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One model call. `deadline` unix seconds; `tools` and `response_format` as chat completions take them.

    `keep`: how long its answer may serve others that ask the very same, None: never. `patience`: unix seconds until
    which it may wait for its turn at a limited key. `own`: the model's own messages to give back, by the id of
    their first tool call. `receipts`: one for each request made for it, added as they end.
    """

    target: Target
    messages: Sequence[Chat]
    deadline: float
    temperature: float | None = None
    max_tokens: int | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    response_format: Mapping[str, Any] | None = None
    payer: BillingScope = BillingScope()
    policy: Policy = Policy()
    keep: CachePolicy | None = None
    patience: float | None = None
    own: Mapping[str, "Own"] = field(default_factory=dict, repr=False)
    watch: RequestObserver | None = field(default=None, repr=False)
    receipts: list[Receipt] = field(default_factory=list, repr=False, compare=False)

    @property
    def model(self) -> str:
        """Return the model's name."""
        return self.target.model

    def to(self, target: Target, **changes: Any) -> "Call":
        """Return the same call to another target."""
        return replace(self, target=target, **changes)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model asks for. `arguments` is the model's JSON text, unchecked.

    `extra`: fields that we do not know, which its endpoint wants back with the call (a signature of its thoughts).
    """

    id: str
    name: str
    arguments: str
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Answer of a model.

    `finish`: stop, length, tool_calls, content_filter, refusal, cut (by the endpoint, for a reason of its own) or
    deadline (by us, at its last sentence). `served_by`: crew, cache, stale, fallback or quick. `own`: what its endpoint
    wants back in the next request, where it asked for tools. `first_seconds`: from the request to its first word;
    `requests`: how many were made for it; `hedged`: a second beside the first.
    """

    text: str
    finish: str
    model: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    served_by: ServedBy = ServedBy.CREW
    own: "Own | None" = None
    first_seconds: float | None = None
    requests: int = 0
    hedged: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """A model's message that asked for tools, to be given back unchanged to the target that it came from.

    `content`: its words with its thoughts; `fields`: those beside content and tool calls that we do not know; `calls`:
    those of its tool calls, by id.
    """

    target: str
    content: str | None
    fields: Mapping[str, Any]
    calls: Mapping[str, Mapping[str, Any]]


class Completer(Protocol):
    """A wrapper of the stack: one method, which each has and wraps."""

    async def complete(self, call: Call) -> Completion:
        """Answer the call.

        Raises:
            ModelUnavailable: try again later.
            ModelRefused: never ask this again.
            BudgetSpent: the tenant's money or tokens are used up.
            TimeoutError: the call's deadline has passed.
        """
        ...


_IMAGE = 3 * 1000
"""An image's share of a prompt, as bytes of text: about a thousand tokens."""


def estimated_prompt(call: Call) -> int:
    """Return about how many tokens a call's prompt has, rather too many: three bytes each, and some a message."""
    texts = sum(_size(message.get("content")) for message in call.messages)
    extras = sum(len(str(tool)) for tool in call.tools) + len(str(call.response_format or ""))
    return (texts + extras) // 3 + 6 * len(call.messages) + 10


def _size(content: object) -> int:
    if isinstance(content, list):
        return sum(len(str(piece["text"]).encode()) if "text" in piece else _IMAGE for piece in content)
    return len(str(content or "").encode())


def total(receipts: Sequence[Receipt]) -> Usage:
    """Return the sum of what several requests cost."""
    return Usage(
        prompt_tokens=sum(each.usage.prompt_tokens for each in receipts),
        completion_tokens=sum(each.usage.completion_tokens for each in receipts),
        cached_tokens=sum(each.usage.cached_tokens for each in receipts),
        calls=sum(each.usage.calls for each in receipts),
        cost=sum(each.usage.cost for each in receipts),
    )

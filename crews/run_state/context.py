"""The context of one run of a crew: where to ask, until when, and what it has cost. Kept on no crew, agent or task."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from chatwootai.model.message.tool_call import ToolUse
from chatwootai.model.message.turn import ModelUse, Question, ServedBy, SideAction, Usage
from crews.model_calls.call import BillingScope, CachePolicy, Chat, Completion, Endpoint, Own, Policy, Target
from crews.run_state.tool_calls import BurstToolCalls


@dataclass(slots=True, kw_only=True)
class RunContext:
    """One kickoff's terms and its meter. `deadline` unix seconds; `keep`: its answers may serve others, so long.

    `served_by`: the way that is taken; `trace`: seconds of each task and tool, as they end; `handoff` and `asides`:
    what tools asked for; `question`: whose run it is, for tools that act for the contact; `instructions`, `results`:
    what models were told, and what tools found, each once, in order. `own`: see `Call.own`. `tool_calls`: how often
    each tool was called for this turn, of which `calls_per_turn` are made. `brevity`: share of the usual longest answer
    that may be said, below 1 where tools took some of the time for it.
    """

    deadline: float
    target: Target = Target(endpoint=Endpoint(), model="")  # noqa: RUF009 - frozen
    payer: BillingScope = BillingScope()  # noqa: RUF009 - frozen
    policy: Policy = Policy()  # noqa: RUF009 - frozen
    keep: CachePolicy | None = None
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    last: Completion | None = field(default=None, repr=False)
    question: Question | None = field(default=None, repr=False)
    served_by: ServedBy = ServedBy.CREW
    trace: list[tuple[str, float]] = field(default_factory=list)
    handoff: str | None = field(default=None, repr=False)
    confidence: float | None = None
    side_actions: list[SideAction] = field(default_factory=list, repr=False)
    instructions: dict[str, None] = field(default_factory=dict, repr=False)
    results: dict[str, None] = field(default_factory=dict, repr=False)
    own: dict[str, Own] = field(default_factory=dict, repr=False)
    calls: BurstToolCalls | None = field(default=None, repr=False)
    counts: Counter[str] = field(default_factory=Counter, repr=False)
    used: list[ToolUse] = field(default_factory=list)
    model_calls: list[ModelUse] = field(default_factory=list, repr=False)
    tool_calls: Counter[str] = field(default_factory=Counter, repr=False)
    calls_per_turn: int = 64
    brevity: float = 1.0

    def target_for(self, model: str) -> Target:
        """Return the run's target, or another model at its endpoint, whose price and limits nobody has named."""
        if self.target.model == model:
            return self.target
        return replace(self.target, model=model, price=None)

    @property
    def has_acted(self) -> bool:
        """Tell whether a tool was asked for anything that must not be done twice, or people were asked for."""
        return bool(self.side_actions or self.handoff or (self.calls is not None and self.calls.has_final))

    def used_up(self, tool: str) -> bool:
        """Tell whether a tool was called as often as it may be for one turn."""
        return self.tool_calls[tool] >= self.calls_per_turn

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add what happens inside to the trace, however it ends."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.trace.append((name, time.perf_counter() - began))

    def note_messages(self, chat: Sequence[Chat]) -> None:
        """Take note of what a model is told: an answer that recites it is for nobody to read."""
        for message in chat:
            kept = {"system": self.instructions, "tool": self.results}.get(str(message.get("role")))
            if kept is not None:
                kept.setdefault(str(message.get("content") or ""))

    def add_completion(self, completion: Completion, seconds: float) -> None:
        """Add one completion, which took so long, to the meter."""
        self.model_calls.append(
            ModelUse(
                model=completion.model,
                served_by=completion.served_by,
                finish=completion.finish,
                requests=completion.requests,
                hedged=completion.hedged,
                seconds=seconds,
                first_seconds=completion.first_seconds,
                usage=completion.usage,
                ended=time.time(),
            )
        )
        self.usage = add_usage(self.usage, completion.usage)
        if completion.own is not None:
            self.own[completion.tool_calls[0].id] = completion.own
        self.last = completion


def add_usage(one: Usage, other: Usage) -> Usage:
    """Return the sum of two usages."""
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        calls=one.calls + other.calls,
        cost=one.cost + other.cost,
    )


current: ContextVar[RunContext | None] = ContextVar("crews_run", default=None)
"""The run that the code is in: inherited by the asyncio tasks that a run starts."""

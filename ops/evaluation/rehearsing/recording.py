"""The outside of a rehearsal: the model's and the tools' answers as they were recorded, and what was asked of them."""

import hashlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatwootai.model.message.tool_call import KeptCall
from chatwootai.model.message.turn import Usage
from config.evaluation.case import ModelAnswer, Recorded
from crews.errors import BudgetSpent, ModelRefused
from crews.model_calls.call import Call, Completer, Completion, ToolCall, estimated_prompt
from crews.model_calls.prices import prices
from crews.run_state.tool_calls import BurstToolCalls, CallingDraft
from crews.run_state.tool_result import Fate, ToolAnswer, ToolText, to_tool_text

_TOKEN = 4
"""Characters to a token of an answer, roughly."""
_LATER = "no result: this call is not recorded"


@dataclass(slots=True)
class Tape:
    """Recorded answers that are still to come, and what was asked for so far.

    `misses`: calls without a recorded answer, as sentences; `prompts`: a digest of each request to the model; `calls`:
    tools that were asked for, with their arguments; `withheld`: tools that the recorded model asks for and the crew
    does not offer any more; `cost`: in billionths of a dollar.
    """

    model: deque[str | ModelAnswer]
    tools: dict[str, deque[Any]]
    misses: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    cost: int = 0

    @classmethod
    def of(cls, recorded: Recorded) -> "Tape":
        """Return a tape at its beginning."""
        return cls(deque(recorded.model), {name: deque(results) for name, results in recorded.tools.items()})

    @property
    def prompt(self) -> str:
        """Return a digest of all that the model was asked; empty where it was not."""
        return hashlib.sha256("".join(self.prompts).encode()).hexdigest()[:16] if self.prompts else ""


class RecordedModel:
    """A model that answers as it was recorded, in order. `tape`: the case's, set before each."""

    def __init__(self) -> None:
        self.tape = Tape.of(Recorded())

    async def complete(self, call: Call) -> Completion:
        """Return the next recorded answer; without one, note a miss.

        Raises:
            ModelRefused: no further answer is recorded.
        """
        tape = self.tape
        tape.prompts.append(_digest(call))
        if not tape.model:
            tape.misses.append(f"answer {len(tape.prompts)} of the model is not recorded: ask a model (--live)")
            raise ModelRefused("no such answer is recorded")
        said = tape.model.popleft()
        answer = ModelAnswer(text=said) if isinstance(said, str) else said
        offered = {str(each.get("function", {}).get("name")) for each in call.tools}
        tape.withheld += [each.tool for each in answer.calls if each.tool not in offered]
        usage = _usage(call, answer)
        tape.cost += usage.cost
        number = len(tape.prompts)
        asked = tuple(
            ToolCall(f"call_{number}_{at}", each.tool, json.dumps(dict(each.arguments), ensure_ascii=False))
            for at, each in enumerate(answer.calls)
        )
        finish = "tool_calls" if asked else "stop"
        return Completion(text=answer.text, finish=finish, model=call.model, tool_calls=asked, usage=usage, requests=1)


class CappedModel:
    """A real model that is asked until its answers have cost `most` billionths of a dollar. `tape`: the case's."""

    def __init__(self, inner: Completer, most: int) -> None:
        self.tape = Tape.of(Recorded())
        self.spent = 0
        self._inner, self._most = inner, most

    async def complete(self, call: Call) -> Completion:
        """Return the model's answer.

        Raises:
            BudgetSpent: the cap is reached, which is a miss.
            ModelUnavailable, ModelRefused, TimeoutError: as the model's endpoint raises.
        """
        if self.spent >= self._most:
            self.tape.misses.append("the cap on cost is reached: raise --most-cost")
            raise BudgetSpent("the cap on cost is reached")
        self.tape.prompts.append(_digest(call))
        found = await self._inner.complete(call)
        cost = prices().cost(call.target, found.usage)
        self.spent += cost
        self.tape.cost += cost
        return found


class _Nowhere:
    """Keeps no call: a rehearsal is made once."""

    async def begin(self, field: str, call: KeptCall) -> KeptCall | None:
        """Say that it has not begun before."""
        return None

    async def end(self, field: str, call: KeptCall | None) -> None:
        """Forget it."""


class RecordedCalls(BurstToolCalls):
    """Calls of tools, none of which is made: each is answered as it was recorded, or is a miss."""

    def __init__(self, tape: Tape) -> None:
        super().__init__("rehearsal", _Nowhere())
        self._tape = tape

    async def once(
        self, run: CallingDraft, tool: str, arguments: Mapping[str, Any], ask: Callable[[], Awaitable[ToolAnswer]]
    ) -> ToolText:
        """Return the recorded result of a call that would be made once."""
        return self._next(tool, arguments, repeatable=False)

    async def again(
        self,
        run: CallingDraft,
        tool: str,
        arguments: Mapping[str, Any],
        ask: Callable[[], Awaitable[ToolAnswer]],
        *,
        reads: bool,
    ) -> ToolText:
        """Return the recorded result of a call that might be made again."""
        return self._next(tool, arguments, repeatable=True)

    def _next(self, tool: str, arguments: Mapping[str, Any], *, repeatable: bool) -> ToolText:
        self._tape.calls.append((tool, dict(arguments)))
        results = self._tape.tools.get(tool)
        if not results:
            given = json.dumps(dict(arguments), ensure_ascii=False)[:200]
            self._tape.misses.append(f"this call of the tool `{tool}` is not recorded: {given}")
            return to_tool_text(tool, ToolAnswer.error(_LATER, Fate.REFUSED), repeatable=repeatable)
        value = results.popleft()
        failed = isinstance(value, dict) and "error" in value
        return to_tool_text(tool, ToolAnswer(value, Fate.FAILED if failed else Fate.DONE), repeatable=repeatable)


def _digest(call: Call) -> str:
    """Return what tells a request from another: the model, its manner, the messages and the tools."""
    said = {
        "model": call.model,
        "temperature": call.temperature,
        "most": call.max_tokens,
        "messages": [dict(each) for each in call.messages],
        "tools": [dict(each) for each in call.tools],
        "form": dict(call.response_format or {}),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _usage(call: Call, answer: ModelAnswer) -> Usage:
    """Return about what a request would have cost."""
    words = len(answer.text) + sum(len(json.dumps(dict(each.arguments))) for each in answer.calls)
    usage = Usage(prompt_tokens=estimated_prompt(call), completion_tokens=words // _TOKEN + 1, calls=1)
    return Usage(usage.prompt_tokens, usage.completion_tokens, 0, 1, prices().cost(call.target, usage))

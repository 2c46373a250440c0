"""Tools that are called before a model is asked, beside retrieval, so that their results stand in its first prompt.

Three moments meet here. A result that comes in time is given to the model. At the deadline of these calls those under
way are given up, and the model may make them itself. A draft that is cancelled cancels them: they only read.

A tool that fails several times in a row is left alone for a while, so that one that is away does not cost every turn
that time.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.message.tool_call import ToolOutcome, ToolUse
from chatwootai.model.message.turn import Question
from config.settings.settings import Settings
from crews.run_state.context import RunContext, current
from crews.run_state.tool_calls import BurstToolCalls
from crews.run_state.tool_result import Fate
from crews.tools.toolset import Toolset

if TYPE_CHECKING:
    from crews.tools.prefetch import PrefetchCall

SECONDS: Final = 0.8
"""How long these calls may take together, at most: a tool that needs longer is the model's to call."""
_GRACE: Final = 0.05  # seconds for tools to give up by themselves
_FAILURES: Final = 3  # in a row, after which a tool is left alone
_REST: Final = 30.0  # seconds
_LONGEST: Final = 12_000  # characters of all results together
_TOOLS: Final = 4_096  # whose failures are remembered
_ANSWER_SECONDS: Final = 3.0
"""Within this a contact should read an answer."""
_BRIEFEST: Final = 0.9
"""Of a channel's longest answer; sixty words of Portuguese still fit 19 times of 20."""
_HEADING: Final = (
    "What tools say to this message, looked up before you were asked. Answer from it; call a tool only for what is "
    "missing:"
)


@dataclass(slots=True)
class PrefetchedResults:
    """Results of the calls. `results`: texts that a model is shown of those that succeeded; `calls`: made, by tool."""

    results: tuple[str, ...] = ()
    used: list[ToolUse] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def said(self) -> str:
        """Return what a model is told; empty where nothing was found. No mark of ours begins in it."""
        return "\n".join((_HEADING, *self.results)).replace("[[", "[ [") if self.results else ""

    @property
    def steps(self) -> tuple[tuple[str, float], ...]:
        """Return each call and its seconds, for the turn's record."""
        return tuple((f"prefetch {use.name}", use.seconds) for use in self.used)

    @property
    def brevity(self) -> float:
        """Return the share of an answer's usual length that is left to say, at least nine tenths.

        Calls are made side by side: the longest took its time from the three seconds of an answer.
        """
        return max(_BRIEFEST, 1 - max((use.seconds for use in self.used), default=0.0) / _ANSWER_SECONDS)


class Prefetcher:
    """Calls the tools that a message asks for, before any model; one of a process."""

    def __init__(self) -> None:
        self._failures: BoundedCache[tuple[str, str], tuple[int, float]] = BoundedCache(_TOOLS)

    async def fetch(
        self,
        question: Question,
        settings: Settings,
        toolset: Toolset,
        named: Collection[str],
        calls: BurstToolCalls | None,
    ) -> PrefetchedResults:
        """Return what tools say to a question. Never raises for a tool's own failure.

        Args:
            question: whose burst is searched.
            settings: with the tools as they are declared.
            toolset: the tools themselves.
            named: names of those that the crew may use.
            calls: the turn's; what is found is given to the model's own call of the same.
        """
        found = await self.calls_worthwhile(question, settings, toolset, named)
        if not found:
            return PrefetchedResults()
        run = RunContext(
            deadline=min(question.deadline, time.time() + SECONDS),
            question=question,
            calls=calls,
            tool_calls=Counter(calls.tool_names) if calls is not None else Counter(),
            calls_per_turn=settings.tools.calls_per_turn,
        )
        results = await self._call_all(run, found, question.origin.account)
        return PrefetchedResults(_limit_length(results), run.used, run.tool_calls)

    async def calls_worthwhile(
        self, question: Question, settings: Settings, toolset: Toolset, named: Collection[str]
    ) -> "tuple[PrefetchCall, ...]":
        """Return the calls that a question makes worthwhile, without those of tools that are left alone for now."""
        if not settings.tools.prefetches:
            return ()
        from crews.tools.prefetch import calls_worthwhile

        found = await calls_worthwhile(settings.tools, toolset, named, question.text, question.origin.contact)
        now = time.monotonic()
        return tuple(each for each in found if not self._is_resting((question.origin.account, each.tool.name), now))

    def _is_resting(self, tool: tuple[str, str], now: float) -> bool:
        failures, until = self._failures.get(tool) or (0, 0.0)
        return failures >= _FAILURES and now < until

    async def _call_all(self, run: RunContext, found: "Iterable[PrefetchCall]", account: str) -> list[str]:
        running = {asyncio.create_task(_result_of(run, each)): each.tool.name for each in found}
        try:
            await asyncio.wait(running, timeout=max(0.0, run.deadline - time.time()) + _GRACE)
        finally:
            for task in running:
                task.cancel()
        results = []
        for task, name in running.items():
            text = task.result() if task.done() and not task.cancelled() and task.exception() is None else None
            self._count((account, name), failed=text is None)
            if text is not None:
                results.append(text)
            elif not task.done():
                run.used.append(ToolUse(name, ToolOutcome.FAILED, SECONDS, time.time()))
        return results

    def _count(self, tool: tuple[str, str], *, failed: bool) -> None:
        before, _ = self._failures.pop(tool) or (0, 0.0)
        if failed:
            self._failures.put(tool, (before + 1, time.monotonic() + _REST))


async def _result_of(run: RunContext, wanted: "PrefetchCall") -> str | None:
    """Return what a model is shown of one call; None where it failed. In a task, so that the run is its own alone."""
    from crews.runtime.tools import use_tool

    current.set(run)
    found = await use_tool(wanted.tool, dict(wanted.arguments))
    return found.text if found.fate is Fate.DONE else None


def _limit_length(results: Iterable[str]) -> tuple[str, ...]:
    """Return the first results that fit together; one alone is bounded as every tool's is."""
    kept: list[str] = []
    for text in results:
        if kept and sum(map(len, kept)) + len(text) > _LONGEST:
            break
        kept.append(text)
    return tuple(kept)

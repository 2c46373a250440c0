"""The calls of one burst that must not be made twice, whatever becomes of the drafts that make them.

A draft may be thrown away after its tools ran: the contact writes on, the model breaks, the worker dies. The next one
is given what the first was told. Three moments meet here, for each call: it is written down as begun before anything is
sent, its answer is written down before the model sees it, and a draft that is cancelled between the two leaves the call
running, so that the next draft waits for the same answer. Begun and never ended: nobody knows, so nobody repeats it.

What may be repeated is written down once it was answered, and given again for some minutes, so that nobody is asked
twice without need; what was read before something was changed is read again.
"""

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from chatwootai.model.message.tool_call import KeptCall, ToolOutcome, ToolUse
from chatwootai.model.policy import tool_words as words
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN
from crews.run_state.result_text import result_text
from crews.run_state.tool_result import Fate, ToolAnswer, ToolText, to_tool_text

_MOST: Final = 64  # such calls of one burst
_MOST_READ: Final = 24  # of those, calls that may be repeated
_FRESH: Final = 300.0  # seconds for which what was read is given again
_ARGUMENTS: Final = 500  # characters of a call's arguments that are kept
_TOLD: Final = 8  # kept calls that a model is told of
_SURE: Final = frozenset({Fate.DONE, Fate.FAILED})
_NOTHING_DONE: Final = frozenset({Fate.UNSENT, Fate.REFUSED})
_HEADING: Final = "What was done for this very question in an earlier try, and must not be done again. Use the results:"
_IN_DOUBT: Final = "a tool may have been used already, and nobody knows whether it worked"
_log = log.get("tools")


class CallStore(Protocol):
    """Store of calls; see `chatwootai.stores.conversation.tool_calls.ToolCalls`."""

    async def begin(self, field: str, call: KeptCall) -> KeptCall | None:
        """Write down that a call begins; what was written before, where it has begun already."""
        ...

    async def end(self, field: str, call: KeptCall | None) -> None:
        """Write down how it ended; None: it was not made after all."""
        ...


class CallingDraft(Protocol):
    """The draft that calls: how often it has asked for each call so far, and why people should take over."""

    counts: Counter[str]
    handoff: str | None


class BurstToolCalls:
    """One turn's; every draft of the turn uses the same.

    `burst` names the burst, the same in every try of it; `used`: every tool that a draft of this turn has called.
    """

    def __init__(self, burst: str, keeper: CallStore, known: Mapping[str, KeptCall] | None = None) -> None:
        self.burst = burst
        self.used: list[ToolUse] = []
        self._keeper = keeper
        self._known = dict(known or {})
        self._running: dict[str, asyncio.Task[ToolText]] = {}

    @property
    def has_final(self) -> bool:
        """Tell whether there are any that must not be made again."""
        return any(not call.repeatable_at for call in self._known.values())

    @property
    def tool_names(self) -> list[str]:
        """Return the names of the tools that drafts have called so far, once for each call that was made."""
        return [use.name for use in self.used if use.outcome is not ToolOutcome.KEPT]

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what a model was shown of them: an answer may hold of it what it may hold of any tool's result."""
        return tuple(call.text for call in self._known.values())

    @property
    def done(self) -> tuple[KeptCall, ...]:
        """Return the calls that surely were made."""
        return tuple(call for call in self._known.values() if not call.doubtful and not call.repeatable_at)

    @property
    def doubtful(self) -> tuple[KeptCall, ...]:
        """Return the calls that may have been made."""
        return tuple(call for call in self._known.values() if call.doubtful)

    def reminder(self) -> str:
        """Return what a model is told of earlier drafts' calls before it begins; empty where there are none."""
        several = [call for call in self._known.values() if not call.repeatable_at][-_TOLD:]
        if not several:
            return ""
        return "\n".join((_HEADING, *(result_text(call.tool, _description(call)) for call in several)))

    async def once(
        self, run: CallingDraft, tool: str, arguments: Mapping[str, Any], ask: Callable[[], Awaitable[ToolAnswer]]
    ) -> ToolText:
        """Return the answer to a call that is made at most once for the burst."""
        kind = f"{tool}:{_digest(arguments)}"
        run.counts[kind] += 1
        field = f"{kind}:{run.counts[kind]}"
        running = self._running.get(field)
        if running is None:
            if (kept := self._find_kept(kind, field)) is not None:
                return _kept_text(kept, run)
            if len(self._known) >= _MOST:
                return to_tool_text(tool, ToolAnswer.error(words.TOO_MANY, Fate.REFUSED), repeatable=False)
            running = self._running[field] = asyncio.create_task(self._make(field, tool, arguments, ask, run))
            running.add_done_callback(lambda _: self._running.pop(field, None))
        return await asyncio.shield(running)

    async def again(
        self,
        run: CallingDraft,
        tool: str,
        arguments: Mapping[str, Any],
        ask: Callable[[], Awaitable[ToolAnswer]],
        *,
        reads: bool,
    ) -> ToolText:
        """Return the answer to a call that may be made again: an earlier draft's, where that is fresh.

        `reads`: the call changes nothing.
        """
        kind = f"{tool}:{_digest(arguments)}"
        run.counts[kind] += 1
        field = f"{kind}:{run.counts[kind]}"
        kept = self._known.get(field)
        if kept is not None and self._is_fresh(kept):
            return ToolText(kept.text, Fate.DONE, kept=True)
        found = to_tool_text(tool, await ask(), repeatable=True)
        if found.fate is Fate.DONE:
            shortened = json.dumps(dict(arguments), ensure_ascii=False, default=str)[:_ARGUMENTS]
            await self._note(field, KeptCall(tool, shortened, True, True, found.text, time.time(), reads))
        return found

    def _is_fresh(self, kept: KeptCall) -> bool:
        """Tell whether what was answered still holds.

        For some minutes, and what was read until something is changed.
        """
        changed = (each.repeatable_at for each in self._known.values() if not each.reads)
        overtaken = kept.reads and any(at == 0 or at > kept.repeatable_at for at in changed)
        return kept.ended and kept.sure and 0 <= time.time() - kept.repeatable_at < _FRESH and not overtaken

    async def _note(self, field: str, call: KeptCall) -> None:
        """Keep what was read, in place of what was read before; where that cannot be, it is read again next time."""
        if field not in self._known and sum(bool(each.repeatable_at) for each in self._known.values()) >= _MOST_READ:
            return
        self._known[field] = call
        try:
            if await self._keeper.begin(field, call) is not None:
                await self._keeper.end(field, call)
        except StoreUnavailable:
            _log.debug("tool_result_not_kept", tool=call.tool)

    def _find_kept(self, kind: str, field: str) -> KeptCall | None:
        """Return this call, or one alike of which nobody knows whether it was made."""
        alike = (name for name in self._known if name.startswith(f"{kind}:") and name not in self._running)
        doubtful = (self._known[name] for name in alike if self._known[name].doubtful)
        return self._known.get(field) or next(doubtful, None)

    async def _make(
        self,
        field: str,
        tool: str,
        arguments: Mapping[str, Any],
        ask: Callable[[], Awaitable[ToolAnswer]],
        run: CallingDraft,
    ) -> ToolText:
        call = KeptCall(tool, json.dumps(dict(arguments), ensure_ascii=False, default=str)[:_ARGUMENTS])
        try:
            earlier = await self._keeper.begin(field, call)
        except StoreUnavailable:  # what cannot be written down is not done
            FAILED_OPEN.labels("tool_call").inc()
            return to_tool_text(tool, ToolAnswer.error(words.AWAY, Fate.UNSENT), repeatable=False)
        if earlier is not None:
            self._known[field] = earlier
            return _kept_text(earlier, run)
        self._known[field] = call
        found = to_tool_text(tool, await ask(), repeatable=False)
        ended = KeptCall(tool, call.arguments, ended=True, sure=found.fate in _SURE, text=found.text)
        await self._end(field, None if found.fate in _NOTHING_DONE else ended)
        return found

    async def _end(self, field: str, call: KeptCall | None) -> None:
        if call is None:
            self._known.pop(field, None)
        else:
            self._known[field] = call
        try:
            await self._keeper.end(field, call)
        except StoreUnavailable:  # for whoever takes the turn over, it stays begun
            FAILED_OPEN.labels("tool_call").inc()
            _log.warning("tool_result_not_kept")


def _kept_text(call: KeptCall, run: CallingDraft) -> ToolText:
    """Return what was kept, instead of a call. A person must look at what may have been done."""
    if call.doubtful:
        run.handoff = run.handoff or _IN_DOUBT
    if call.ended:
        return ToolText(call.text, Fate.DONE if call.sure else Fate.UNKNOWN, kept=True)
    return ToolText(result_text(call.tool, {"error": words.UNKNOWN}, words.ONCE_ONLY), Fate.UNKNOWN, kept=True)


def _description(call: KeptCall) -> dict[str, str]:
    if call.doubtful:
        return {"arguments": call.arguments, "result": words.UNKNOWN}
    return {"arguments": call.arguments, "result": call.text.split("\n")[1] if "\n" in call.text else call.text}


def _digest(arguments: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(dict(arguments), sort_keys=True, default=str).encode()).hexdigest()[:20]

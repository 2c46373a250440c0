"""Calls of tools in a try: what only reads is called, what would change something is not."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from chatwootai.model.message.tool_call import KeptCall
from crews.run.tool_calls import BurstToolCalls, CallingDraft
from crews.run.tool_result import Fate, ToolAnswer, ToolText, to_tool_text

_NOT_CALLED = "not called, since this is only a try and it would change something"


class _Nowhere:
    """Keeps no call: a try is made once."""

    async def begin(self, field: str, call: KeptCall) -> KeptCall | None:
        """Say that it has not begun before."""
        return None

    async def end(self, field: str, call: KeptCall | None) -> None:
        """Forget it."""


class DryCalls(BurstToolCalls):
    """One try's calls. `asked`: name and arguments of each that was asked for, and whether it was made."""

    def __init__(self) -> None:
        super().__init__("try", _Nowhere())
        self.asked: list[tuple[str, Mapping[str, Any], bool]] = []

    async def once(
        self, run: CallingDraft, tool: str, arguments: Mapping[str, Any], ask: Callable[[], Awaitable[ToolAnswer]]
    ) -> ToolText:
        """Return that the call was not made: it may not be repeated, so it does something."""
        return self._refused(tool, arguments)

    async def again(
        self,
        run: CallingDraft,
        tool: str,
        arguments: Mapping[str, Any],
        ask: Callable[[], Awaitable[ToolAnswer]],
        *,
        reads: bool,
    ) -> ToolText:
        """Return the answer of a call that only reads."""
        if not reads:
            return self._refused(tool, arguments)
        self.asked.append((tool, dict(arguments), True))
        return to_tool_text(tool, await ask(), repeatable=True)

    def _refused(self, tool: str, arguments: Mapping[str, Any]) -> ToolText:
        self.asked.append((tool, dict(arguments), False))
        return to_tool_text(tool, ToolAnswer.error(_NOT_CALLED, Fate.REFUSED), repeatable=False)

"""Calls of tools in a try: what only reads is called, what would change something is not; or all are made up."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from chatwootai.model.message.tool_call import KeptCall
from crews.run_state.tool_calls import BurstToolCalls, CallingDraft
from crews.run_state.tool_result import Fate, ToolAnswer, ToolText, to_tool_text

_NOT_CALLED = "not called, since this is only a try and it would change something"
_NOT_WRITTEN = "not called, since tools are simulated, and no answer of it was written"


class _Nowhere:
    """Keeps no call: a try is made once."""

    async def begin(self, field: str, call: KeptCall) -> KeptCall | None:
        """Say that it has not begun before."""
        return None

    async def end(self, field: str, call: KeptCall | None) -> None:
        """Forget it."""


class DryCalls(BurstToolCalls):
    """One try's calls. `asked`: name and arguments of each that was asked for, and whether it was made.

    `simulated`: what tools answer, by their names, where none is to be called; None: they are.
    """

    def __init__(self, simulated: Mapping[str, Any] | None = None) -> None:
        super().__init__("try", _Nowhere())
        self._simulated = simulated
        self.asked: list[tuple[str, Mapping[str, Any], bool]] = []

    async def once(
        self, run: CallingDraft, tool: str, arguments: Mapping[str, Any], ask: Callable[[], Awaitable[ToolAnswer]]
    ) -> ToolText:
        """Return that the call was not made, for it does something; or what it answers where tools are simulated."""
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
        """Return the answer of a call that only reads, or what it answers where tools are simulated."""
        if not reads or self._simulated is not None:
            return self._refused(tool, arguments)
        self.asked.append((tool, dict(arguments), True))
        return to_tool_text(tool, await ask(), repeatable=True)

    def _refused(self, tool: str, arguments: Mapping[str, Any]) -> ToolText:
        self.asked.append((tool, dict(arguments), False))
        if self._simulated is not None:
            made_up = tool in self._simulated
            answer = self._simulated[tool] if made_up else {"error": _NOT_WRITTEN}
            return to_tool_text(tool, ToolAnswer(answer, Fate.DONE if made_up else Fate.REFUSED), repeatable=False)
        return to_tool_text(tool, ToolAnswer.error(_NOT_CALLED, Fate.REFUSED), repeatable=False)

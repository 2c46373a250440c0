"""What tools that reach outside have in common: who calls, until when, and that nothing is done twice."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from crewai.tools.base_tool import BaseTool
from pydantic import PrivateAttr

from crews.run import Run, current
from crews.tool_result import Answer, ToolText, shown

_ALONE = 60.0  # seconds that a call outside any run may take


class OutsideTool(BaseTool):
    """A tool whose answer comes from elsewhere. Shared by all runs: the contact comes from the current one."""

    kind: ClassVar[str]
    _repeatable: bool = PrivateAttr(default=False)

    @property
    def repeatable(self) -> bool:
        """Whether a call may be made again without doing anything twice."""
        return self._repeatable

    def _run(self, **_: Any) -> Any:
        raise NotImplementedError("this tool answers asynchronously only")

    async def _arun(self, **arguments: Any) -> ToolText:
        run = current.get()
        given = {name: value for name, value in arguments.items() if value is not None}
        until = run.deadline if run is not None else time.time() + _ALONE
        if self.repeatable or run is None or run.calls is None:
            return shown(self.name, await self._ask(given, run, until), repeatable=self.repeatable)
        return await run.calls.once(run, self.name, given, lambda: self._ask(given, run, until))

    async def _ask(self, arguments: Mapping[str, Any], run: Run | None, until: float) -> Answer:
        """The tool's answer. `until`: unix seconds. Never raises for the tool's own failure."""
        raise NotImplementedError

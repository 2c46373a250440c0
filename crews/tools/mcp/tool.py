"""A server's tool as crews use it."""

from collections.abc import Awaitable, Mapping
from typing import Any, ClassVar, Protocol

from mcp.types import Tool
from pydantic import PrivateAttr

from crews.run_state.context import RunContext
from crews.run_state.tool_result import ToolAnswer
from crews.tools.outside_tool import OutsideTool

_DESCRIPTION = 1000  # characters of a server's own words that a model is shown
_NAME = 64


class CallServer(Protocol):
    """The call of a server; see `crews.tools.mcp.server.ServerClient.call`."""

    def __call__(
        self, tool: str, arguments: dict[str, Any], until: float, *, repeatable: bool
    ) -> Awaitable[ToolAnswer]:
        """Call a tool by its name there."""
        ...


class RemoteTool(OutsideTool):
    """One tool of a server, called `<server>_<tool>`."""

    kind: ClassVar[str] = "mcp"
    name: str
    description: str
    _call: CallServer = PrivateAttr()
    _tool: str = PrivateAttr()

    def __init__(self, call: CallServer, server: str, tool: Tool) -> None:
        description, hints = (tool.description or tool.title or tool.name)[:_DESCRIPTION], tool.annotations
        repeatable = hints is not None and bool(hints.readOnlyHint or hints.idempotentHint)
        reads = hints is not None and bool(hints.readOnlyHint)
        name = f"{server}_{tool.name}"[:_NAME]
        super().__init__(name, description, tool.inputSchema, repeatable=repeatable, reads=reads)
        self._call, self._tool = call, tool.name

    @property
    def name_there(self) -> str:
        """Return its name at the server."""
        return self._tool

    async def _ask(self, arguments: Mapping[str, Any], run: RunContext | None, until: float) -> ToolAnswer:
        return await self._call(self._tool, dict(arguments), until, repeatable=self._repeatable)

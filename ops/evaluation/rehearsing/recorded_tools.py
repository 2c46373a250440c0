"""Tools of a rehearsal: a tenant's own as they are declared, those of its servers as far as the cases name them."""

from collections.abc import Iterable

from config.settings.tools import BUILT_IN
from crews.tools.outside_tool import OutsideTool
from crews.tools.toolset import AccountTools, ToolRegistry

_ANY = {"type": "object", "properties": {}, "additionalProperties": True}


class _ServersTool(OutsideTool):
    """A tool of a server that is not asked: every call is answered as it was recorded."""

    kind = "mcp"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} of a server", _ANY, repeatable=True, reads=True)


class RecordedTools(ToolRegistry):
    """Hands out tools without asking any server for its own. `names`: tools that cases hold results of."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self._names = sorted(set(names))

    async def refresh(self, own: AccountTools) -> None:
        """Let each server have the tools that cases name and the tenant does not declare itself."""
        known = {*BUILT_IN, *own.tools.http}
        if any(own.toolset[name] for name in own.servers):
            return
        made = tuple(_ServersTool(name) for name in self._names if name not in known)
        own.toolset = {**own.toolset, **dict.fromkeys(own.servers, made)}

"""A server's tool as crews use it."""

from collections.abc import Awaitable, Collection, Mapping
from typing import Any, ClassVar, Protocol

from mcp.types import Tool
from pydantic import PrivateAttr

from chatwootai.model.message.delivery import Contact
from chatwootai.model.policy import tool_words as words
from crews.run_state.context import RunContext
from crews.run_state.tool_result import Fate, ToolAnswer
from crews.tools.outside_tool import OutsideTool
from crews.tools.own_words import refuse_not_written
from crews.tools.ownership import contact_values
from crews.tools.tool_schema import Schema

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
    """One tool of a server, called `<server>_<tool>`.

    `from_contact`: parameters whose values the contact must have written; `filled`: those that are filled in with what
    is known of them, as `contact.phone`, and that no model is shown.
    """

    kind: ClassVar[str] = "mcp"
    name: str
    description: str
    _call: CallServer = PrivateAttr()
    _tool: str = PrivateAttr()
    _from_contact: Collection[str] = PrivateAttr()
    _filled: Mapping[str, str] = PrivateAttr()

    def __init__(
        self,
        call: CallServer,
        server: str,
        tool: Tool,
        *,
        from_contact: Collection[str] = (),
        filled: Mapping[str, str] | None = None,
    ) -> None:
        description, hints = (tool.description or tool.title or tool.name)[:_DESCRIPTION], tool.annotations
        repeatable = hints is not None and bool(hints.readOnlyHint or hints.idempotentHint)
        reads = hints is not None and bool(hints.readOnlyHint)
        name = f"{server}_{tool.name}"[:_NAME]
        schema = _without(tool.inputSchema, filled or {})
        super().__init__(name, description, schema, repeatable=repeatable, reads=reads)
        self._call, self._tool = call, tool.name
        self._from_contact, self._filled = from_contact, filled or {}

    @property
    def name_there(self) -> str:
        """Return its name at the server."""
        return self._tool

    def refusal(self, contact: Contact | None) -> str | None:
        """Return why it is not called for a contact; None: it is."""
        if not self._filled:
            return None
        if contact is None or not contact.verified:
            return words.NOT_VERIFIED
        known = contact_values(contact)
        return None if all(known[name] for name in self._filled.values()) else words.NOT_ON_FILE

    async def _ask(self, arguments: Mapping[str, Any], run: RunContext | None, until: float) -> ToolAnswer:
        question = run.question if run is not None else None
        contact = question.origin.contact if question is not None else None
        why = self.refusal(contact) or refuse_not_written(arguments, self._from_contact, question)
        if why is not None:
            return ToolAnswer.error(why, Fate.REFUSED)
        known = contact_values(contact)
        own = {name: known[attribute] for name, attribute in self._filled.items()}
        return await self._call(self._tool, {**arguments, **own}, until, repeatable=self._repeatable)


def _without(schema: Schema, names: Collection[str]) -> Schema:
    """Return a schema of an object without some of its properties."""
    if not names:
        return schema
    properties = {name: one for name, one in schema.get("properties", {}).items() if name not in names}
    required = [name for name in schema.get("required", ()) if name not in names]
    return {**schema, "properties": properties, "required": required}

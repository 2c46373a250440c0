"""Base of tools that reach outside: who calls, until when, and that nothing is done twice."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from crewai.tools.base_tool import BaseTool
from crewai.utilities.pydantic_schema_utils import create_model_from_schema
from pydantic import BaseModel, ConfigDict, PrivateAttr

from chatwootai.model.message.delivery import Contact
from crews.run_state.context import RunContext, current
from crews.run_state.tool_result import ToolAnswer, ToolText, to_tool_text
from crews.tools.tool_schema import Parameters, Schema

_ALONE = 60.0  # seconds that a call outside any run may take


class _AnyArguments(BaseModel):
    """Arguments of a schema that CrewAI makes nothing of."""

    model_config = ConfigDict(extra="allow")


class OutsideTool(BaseTool):
    """A tool whose answer comes from elsewhere. Shared by all runs: the contact comes from the current one."""

    kind: ClassVar[str]
    _repeatable: bool = PrivateAttr(default=False)
    _reads: bool = PrivateAttr(default=False)
    _parameters: Parameters = PrivateAttr()

    def __init__(self, name: str, description: str, schema: Schema, *, repeatable: bool, reads: bool = False) -> None:
        super().__init__(name=name, description=description, args_schema=_crewai_schema(name, schema))
        self._parameters, self._repeatable, self._reads = Parameters.of(schema), repeatable, reads

    @property
    def parameters(self) -> Parameters:
        """Return what a model may fill in."""
        return self._parameters

    @property
    def repeatable(self) -> bool:
        """Tell whether a call may be made again without doing anything twice."""
        return self._repeatable

    @property
    def reads(self) -> bool:
        """Tell whether a call changes nothing."""
        return self._reads

    def refusal(self, contact: Contact | None) -> str | None:
        """Return why it is not called for a contact; None: it is."""
        return None

    async def arun(self, *_: Any, **arguments: Any) -> Any:
        """Return the answer.

        Arguments were judged by the tool's own schema (`parameters`), not by what CrewAI makes of it.
        """
        return await self._arun(**arguments)

    def _run(self, **_: Any) -> Any:
        raise NotImplementedError("this tool answers asynchronously only")

    async def _arun(self, **arguments: Any) -> ToolText:
        run = current.get()
        given = {name: value for name, value in arguments.items() if value is not None}
        until = run.deadline if run is not None else time.time() + _ALONE
        if run is None or run.calls is None:
            return to_tool_text(self.name, await self._ask(given, run, until), repeatable=self.repeatable)
        if not self.repeatable:
            return await run.calls.once(run, self.name, given, lambda: self._ask(given, run, until))
        return await run.calls.again(run, self.name, given, lambda: self._ask(given, run, until), reads=self._reads)

    async def _ask(self, arguments: Mapping[str, Any], run: RunContext | None, until: float) -> ToolAnswer:
        """Return the tool's answer. `until`: unix seconds. Never raises for the tool's own failure."""
        raise NotImplementedError


def _crewai_schema(name: str, schema: Schema) -> type[BaseModel]:
    """Return the schema as stock CrewAI needs it: a model, which says less than the schema where that is unusual."""
    try:
        model: type[BaseModel] = create_model_from_schema(dict(schema), model_name=f"{name}_arguments")
    except Exception:  # noqa: BLE001 - whatever a foreign schema holds, its tool can be called all the same
        return _AnyArguments
    return model

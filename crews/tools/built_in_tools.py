"""Tools that every crew may use: what they ask for is done with the turn's outcome, never before it is decided."""

from typing import Any, ClassVar

from crewai.tools.base_tool import BaseTool
from pydantic import BaseModel, Field

from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.turn import SideAction
from chatwootai.model.policy import vocabulary
from chatwootai.model.text.labels import to_label
from chatwootai.stores.figures.figures import Figures
from crews.run_state.context import RunContext, current
from crews.tools.figures_tool import FiguresTool

_MOST = 8  # of such calls in one run
_DONE = "It will be done."
_TOO_MANY = "Nothing more can be done in this turn."


class _Reason(BaseModel):
    reason: str = Field(max_length=200, description="Why, in a few words of English, for the team.")


class _Labels(BaseModel):
    label: str = Field(max_length=50, description="One word, small letters, as `refund`, in the team's language.")


class _Note(BaseModel):
    text: str = Field(max_length=2000, description="What the team should know; the customer does not see it.")


class _Priority(BaseModel):
    priority: vocabulary.Priority


class _SideActionTool(BaseTool):
    """A tool that only leaves a word in the current run: nothing is done before the outcome, so nothing twice."""

    kind: ClassVar[str] = "built_in"

    def _run(self, **_: Any) -> Any:
        raise NotImplementedError("this tool answers asynchronously only")

    async def _arun(self, **arguments: Any) -> str:
        run = current.get()
        if run is None or len(run.side_actions) >= _MOST:
            return _TOO_MANY
        return self._record(run, **arguments)

    def _record(self, run: RunContext, **arguments: Any) -> str:
        raise NotImplementedError


class Handoff(_SideActionTool):
    """Give the conversation to people."""

    name: str = "handoff"
    description: str = (
        "Give this conversation to a person of the team. Then tell the customer so in one short sentence."
    )
    args_schema: type[BaseModel] = _Reason

    def _record(self, run: RunContext, **arguments: Any) -> str:
        run.handoff = " ".join(str(arguments["reason"]).split())[:200] or "the crew asks for a person"
        return "A person takes over after your answer. Tell the customer in one short sentence."


class Label(_SideActionTool):
    """Label the conversation."""

    name: str = "label"
    description: str = "Put a label on this conversation, for the team's lists."
    args_schema: type[BaseModel] = _Labels

    def _record(self, run: RunContext, **arguments: Any) -> str:
        label = to_label(str(arguments["label"]))
        if not label:
            return "A label needs two letters or digits."
        run.side_actions.append(SideAction(ActionKind.LABELS, values=(label,)))
        return _DONE


class Note(_SideActionTool):
    """Leave a private note."""

    name: str = "note"
    description: str = "Leave a private note for the team in this conversation. The customer does not see it."
    args_schema: type[BaseModel] = _Note

    def _record(self, run: RunContext, **arguments: Any) -> str:
        if not str(arguments["text"]).strip():
            return "A note needs a text."
        run.side_actions.append(SideAction(ActionKind.NOTE, text=str(arguments["text"]).strip()[:2000]))
        return _DONE


class Priority(_SideActionTool):
    """Set the conversation's priority."""

    name: str = "priority"
    description: str = "Set this conversation's priority for the team."
    args_schema: type[BaseModel] = _Priority

    def _record(self, run: RunContext, **arguments: Any) -> str:
        run.side_actions.append(SideAction(ActionKind.PRIORITY, text=str(arguments["priority"])))
        return _DONE


def built_in(figures: Figures | None = None) -> dict[str, BaseTool]:
    """Return all of them by name. `figures`: what the owner's crew may read of."""
    return {tool.name: tool for tool in (Handoff(), Label(), Note(), Priority(), FiguresTool().reading(figures))}

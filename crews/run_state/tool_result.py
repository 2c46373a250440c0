"""A tool's answer and how it fared, and both as a model is shown them. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from chatwootai.model.message.tool_call import ToolOutcome
from chatwootai.model.policy import tool_words as words
from crews.run_state.result_text import result_text


class Fate(StrEnum):
    """End of a tool's call.

    DONE: it answered. FAILED: it answered that it could not. REFUSED: it, or we, said no before anything was done.
    UNSENT: nothing has reached it. UNKNOWN: it may have been done; no answer came, or one that does not say.
    """

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """Answer of a tool: a JSON-able `value` (an error's as `{"error": ...}`) and its fate.

    `mend`: the call may be made again with other arguments; `theirs`: the tool itself, or the way to it, refused.
    """

    value: Any
    fate: Fate = Fate.DONE
    mend: bool = False
    theirs: bool = False

    @classmethod
    def error(cls, why: str, fate: Fate, *, mend: bool = False) -> "ToolAnswer":
        """Return an answer without a result, and why."""
        return cls({"error": why}, fate, mend)


@dataclass(frozen=True, slots=True)
class ToolText:
    """Text that a model is shown of a call, and its fate. `kept`: an earlier call's result, given instead of a call.

    `theirs`: the tool itself, or the way to it, refused.
    """

    text: str
    fate: Fate
    kept: bool = False
    theirs: bool = False

    @property
    def outcome(self) -> ToolOutcome:
        """Return the word for it in records and metrics."""
        return ToolOutcome.KEPT if self.kept else _OUTCOMES[self.fate]

    def __str__(self) -> str:
        return self.text


_OUTCOMES: Final = {
    Fate.DONE: ToolOutcome.OK,
    Fate.FAILED: ToolOutcome.FAILED,
    Fate.UNSENT: ToolOutcome.FAILED,
    Fate.REFUSED: ToolOutcome.REFUSED,
    Fate.UNKNOWN: ToolOutcome.UNKNOWN,
}


_ADVICE: Final = {
    Fate.DONE: "",
    Fate.FAILED: words.SAY_SO,
    Fate.REFUSED: words.SAY_SO,
    Fate.UNSENT: words.SAY_SO,
    Fate.UNKNOWN: words.ONCE_ONLY,
}


def to_tool_text(name: str, answer: ToolAnswer, *, repeatable: bool) -> ToolText:
    """Return the answer for a model. Only of what is not `repeatable` it matters that it may have been done."""
    fate = Fate.FAILED if answer.fate is Fate.UNKNOWN and repeatable else answer.fate
    text = result_text(name, answer.value, words.MEND if answer.mend else _ADVICE[fate])
    return ToolText(text, fate, theirs=answer.theirs)


def limit_reached(name: str) -> ToolText:
    """Return a call that was not made because the tool was called as often as it may be for one turn."""
    return ToolText(result_text(name, {"error": words.OFTEN_ENOUGH}, words.ENOUGH), Fate.REFUSED)


def invalid_arguments(name: str, why: str) -> ToolText:
    """Return a call that was not made, and may be with other arguments."""
    return to_tool_text(name, ToolAnswer.error(why, Fate.REFUSED, mend=True), repeatable=False)

"""Calls of tools, as a turn remembers them. Pure."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call that must not, or need not, be made twice, as it is kept with its burst.

    `arguments`: as JSON, cut; `text`: what the model was shown; `ended`: its answer came; `sure`: the answer leaves no
    doubt whether it was done. Of a call that may be repeated, `repeatable_at`: unix seconds of its answer, 0 of others;
    `reads`: it changes nothing.
    """

    tool: str
    arguments: str
    ended: bool = False
    sure: bool = False
    text: str = ""
    repeatable_at: float = 0.0
    reads: bool = False

    @property
    def doubtful(self) -> bool:
        """Return whether it may or may not have been done."""
        return not (self.ended and self.sure)


class ToolOutcome(StrEnum):
    """Result of a tool's call, in records, metrics and incidents."""

    OK = "ok"
    FAILED = "failed"
    REFUSED = "refused"  # by the tool or by us, before anything was done
    UNKNOWN = "unknown"  # it may have been done: no answer came, or one that does not say
    KEPT = "kept"  # an earlier call's result, given instead of a call


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool's call in a turn's record. `ended`: unix seconds; `theirs`: the tool, or the way to it, refused."""

    name: str
    outcome: ToolOutcome
    seconds: float
    ended: float = 0.0
    theirs: bool = False

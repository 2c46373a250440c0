"""Calls of tools, as a turn remembers them. Pure."""

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool's call in a turn's record. `outcome`: ok, failed, refused (by it or by us), unknown, or kept."""

    name: str
    outcome: str
    seconds: float

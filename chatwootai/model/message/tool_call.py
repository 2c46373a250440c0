"""Calls of tools, as a turn remembers them. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call that must not be made twice, as it is kept with its burst.

    `arguments`: as JSON, cut; `text`: what the model was shown; `ended`: its answer came; `sure`: the answer leaves no
    doubt whether it was done.
    """

    tool: str
    arguments: str
    ended: bool = False
    sure: bool = False
    text: str = ""

    @property
    def doubtful(self) -> bool:
        """Whether it may or may not have been done."""
        return not (self.ended and self.sure)


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool's call in a turn's record. `outcome`: ok, failed, refused (by it or by us), unknown, or kept."""

    name: str
    outcome: str
    seconds: float

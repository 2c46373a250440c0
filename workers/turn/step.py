"""The return values of a turn's steps."""

from enum import Enum, auto
from typing import Final


class Next(Enum):
    """The step that follows: the one below, the commit, or the first again with the messages that came meanwhile."""

    NEXT = auto()
    DECIDED = auto()
    RESTART = auto()


NEXT: Final = Next.NEXT
DECIDED: Final = Next.DECIDED
RESTART: Final = Next.RESTART

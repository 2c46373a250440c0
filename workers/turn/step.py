"""What a step of a turn says about what comes next."""

from enum import Enum, auto
from typing import Final


class Next(Enum):
    """What follows a step: the one below it, the commit, or all of them again with what was written meanwhile."""

    NEXT = auto()
    DECIDED = auto()
    RESTART = auto()


NEXT: Final = Next.NEXT
DECIDED: Final = Next.DECIDED
RESTART: Final = Next.RESTART

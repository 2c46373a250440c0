"""Roles of the console, the person behind a request, and the right that a route asks for."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Roles, the least first. A viewer sees figures; a lead puts one account right; an operator all of them."""

    VIEWER = "viewer"
    LEAD = "lead"
    OPERATOR = "operator"

    @property
    def rank(self) -> int:
        """Return its place, 0 for the least."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The person behind a request. `account`: the only one that is shown; None: all. `name`: for histories.

    `words`: may read what customers wrote. `token`: the id of the token that opened it; empty where it was another way.
    """

    role: Role
    account: str | None
    words: bool
    name: str
    token: str = ""

    def sees(self, account: str) -> bool:
        """Tell whether an account is shown at all: every other is as if it did not exist."""
        return self.account in (None, account)


@dataclass(frozen=True, slots=True)
class Right:
    """The right that a route asks for: the least role. `public`: no login; `of_account`: its path names an account."""

    role: Role = Role.VIEWER
    of_account: bool = False
    public: bool = False


ANYBODY = Right(public=True)
"""For what a person needs who is not logged in yet."""

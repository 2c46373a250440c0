"""The right of one run to write for a conversation, until a later run begins on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FencedLease:
    """The right to work on a conversation: valid until another job begins on it."""

    conv: str
    job: str
    fence: int

    @property
    def named(self) -> dict[str, str | int]:
        """Return it as the arguments of a script."""
        return {"conv": self.conv, "job": self.job, "fence": self.fence}


class Stale(Exception):
    """Another job holds this conversation now: write nothing more and leave."""


def answer_of(answer: bytes, lease: FencedLease) -> str:
    """Return the answer of a fenced script as text.

    Raises:
        Stale: another job holds the conversation.
    """
    if answer == b"stale":
        raise Stale(lease.conv)
    return answer.decode()

"""Names of turns that no burst began: what they are called in outboxes, marks and dead letters."""

from datetime import date
from typing import Final

_INTERIM: Final = "interim-"
_REFUSED: Final = "-refused"
_TAKEN: Final = "-taken"
_DIGEST: Final = "digest-"


def given_up(conv: str, fence: int) -> str:
    """Name the turn that only opens a conversation, because even handing it over failed."""
    return f"given-up-{conv}-{fence}"


def unreadable(conv: str, fence: int) -> str:
    """Name the turn that takes entries out of a mailbox which no version can read."""
    return f"broken-{conv}-{fence}"


def unmapped(conv: str, fence: int) -> str:
    """Name the turn of an account that the mapping no longer has."""
    return f"unmapped-{conv}-{fence}"


def taken_from(turn: str) -> str:
    """Name the turn that opens a conversation in which a person stepped in before `turn` was delivered."""
    return f"{turn}{_TAKEN}"


def refusal_of(turn: str) -> str:
    """Name the turn that tells people of a reply which Chatwoot refused."""
    return f"{turn}{_REFUSED}"


def tells_of_refusal(turn: str) -> bool:
    """Return whether a turn is one that tells people of a refused reply."""
    return turn.endswith(_REFUSED)


def digest(account: str, day: date) -> str:
    """Name the turn that sends an account's digest on a day."""
    return f"{_DIGEST}{account}-{day.isoformat()}"


def is_digest(turn: str) -> bool:
    """Return whether a turn sends a digest, or stands in the place of one that did."""
    return turn.startswith(_DIGEST)


def interim(last_message: int) -> str:
    """Name the turn of the sentence that asks for patience, one for each burst (by its newest message's id)."""
    return f"{_INTERIM}{last_message}"


def asks_for_patience(turn: str) -> bool:
    """Return whether a turn is the sentence that asks for patience."""
    return turn.startswith(_INTERIM)

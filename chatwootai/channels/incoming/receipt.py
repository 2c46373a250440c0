"""Facts of a message's receipt that do not stand in it: whose account, when, and the rules to read it by. Pure."""

from dataclasses import dataclass
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """An inbox's settings for reading messages.

    `groups`: they are answered too; `most_seconds`: older messages are nobody's turn (None: no limit);
    `unsigned_is_person`: what nobody has signed was written by a person.
    """

    groups: bool = False
    most_seconds: float | None = None
    unsigned_is_person: bool = True


DEFAULT_RULES: Final = ReadingRules()


class Receipt(NamedTuple):
    """Time and account of the receipt of a message, and the rules to read it by.

    `account`: the mapping's key; `received_at`: unix seconds; `delivery_id`: the webhook request's, if it had one.
    """

    account: str
    received_at: float
    delivery_id: str | None = None
    rules: ReadingRules = DEFAULT_RULES

"""Finds what may become cases: conversations with a label, dead letters, and turns that a teammate did not like."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatwootai.stores import keys
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.dead_letters import DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.operators.thumbs import Thumbs

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from workers.chatwoot.client import Chatwoot

_PAGE: Final = 25
"""Conversations that Chatwoot lists at once."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in a conversation. `source`: a word for the draft's name.

    `turn`: the turn whose answer a case is taken of; `messages`: those of the contact that nobody answered. With both,
    the messages are looked for where the turn's answer is not; where both are empty it is the last answered burst.
    """

    conversation: int
    source: str = "captured"
    turn: str = ""
    messages: frozenset[int] = frozenset()


async def with_label(chatwoot: "Chatwoot", label: str) -> AsyncIterator[Origin]:
    """Yield the conversations that have a label in Chatwoot, of any status, those of the newest activity first.

    Raises:
        ChatwootError: they cannot be listed.
    """
    number, full = 1, True
    seen = set[int]()
    while full:
        page = await chatwoot.conversations(status="all", label=label, page=number)
        for one in page:
            if one.id not in seen and label in one.labels:  # pages move while conversations do
                seen.add(one.id)
                yield Origin(one.id, source=label)
        number, full = number + 1, len(page) == _PAGE


async def dead_letters(connection: "Connection", account: str) -> AsyncIterator[Origin]:
    """Yield an account's dead letters, the newest first.

    Raises:
        StoreUnavailable: Redis is away.
    """
    async for letter in DeadLetters(connection).all():
        owner, _, conversation = letter.conv.rpartition(":")
        if owner == account and conversation.isdigit():
            messages = frozenset(one.message.id for one in letter.deliveries)
            yield Origin(int(conversation), source="dead letter", messages=messages)


async def corrected(connection: "Connection", account: str) -> AsyncIterator[Origin]:
    """Yield the turns that teammates gave a thumb down in the console, the newest first.

    Raises:
        StoreUnavailable: Redis is away.
    """
    thumbs = (await Thumbs(connection).all(account)).values()
    down = sorted((one for one in thumbs if not one.up), key=lambda one: -one.at)
    records = await Turns(connection).several([one.turn for one in down])
    for thumb, record in zip(down, records, strict=True):
        if record is not None and str(record.get("account")) == account:
            yield Origin(int(record["conversation"]), source=f"corrected {thumb.reason}".strip(), turn=thumb.turn)


async def of_turn(connection: "Connection", account: str, turn: str) -> Origin | None:
    """Return the place of a turn, with the contact's messages that it was of; None where no record of it is kept.

    Raises:
        StoreUnavailable: Redis is away.
    """
    record = await Turns(connection).read(turn)
    if record is None or str(record.get("account")) != account:
        return None
    conversation = int(record["conversation"])
    history = await ConversationHistories(connection).read(f"{account}:{conversation}")
    ended = (one for one in history.steps if one.name == "committed" and one.details.get("turn") == turn)
    messages = next((one.details.get("messages", "") for one in ended), "").split(",")
    return Origin(conversation, turn=turn, messages=frozenset(int(each) for each in messages if each.isdecimal()))


def captured_before(cases: Iterable[object]) -> set[tuple[str, int]]:
    """Return conversation and message of the cases that were taken of conversations, as fields of cases name them."""
    found = set[tuple[str, int]]()
    for case in cases:
        conversation, message = getattr(case, "conversation", ""), getattr(case, "message", 0)
        if conversation and message:
            found.add((conversation, message))
    return found


def origin_of(conversation: str) -> tuple[str, int] | None:
    """Return account and display id of a conversation as an operator writes it, as `1:25`; None where it is none."""
    name, _, number = conversation.rpartition(":")
    return keys.split_conv(conversation) if name and number.isdecimal() else None

"""Resolves an operator's word: a job, a turn, a conversation or a webhook request."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from ops.access import NotFound

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

JOB = re.compile(r"turn:(?P<conv>[^\s:]+:\d+):\d+")
CONVERSATION = re.compile(r"[^\s:]+:\d+")


@dataclass(frozen=True, slots=True)
class Target:
    """Result of a search: always a conversation; and the job, turn, dead letter or message by which it was found."""

    conv: str
    job: str | None = None
    turn: str | None = None
    letter: DeadLetter | None = None
    record: dict[str, object] | None = None
    message: int | None = None


async def find_target(connection: "Connection", word: str, accounts: Callable[[], list[str]]) -> Target:
    """Look a word up. `accounts`: where a webhook request may have gone, read only if nothing else fits.

    Raises:
        NotFound: nothing of that name is remembered.
        StoreUnavailable: Redis is away.
    """
    if match := JOB.fullmatch(word):
        return Target(match["conv"], job=word)
    if letter := await DeadLetters(connection).read(word):
        return Target(letter.conv, turn=word, letter=letter)
    if CONVERSATION.fullmatch(word):
        return Target(word)
    if record := await Turns(connection).read(word):
        return Target(f"{record.get('account')}:{record.get('conversation')}", turn=word, record=record)
    if found := await ConversationHistories(connection).admitted(word, accounts()):
        return Target(found[0], message=found[1])
    raise NotFound(
        f"nothing is remembered of {word}. A conversation is written 1:25, a job turn:1:25:3; turns are remembered for "
        "a week, webhook requests (X-Chatwoot-Delivery) for a day, and only of accounts in the mapping"
    )

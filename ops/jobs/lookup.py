"""Resolves an operator's word: a job, a turn, a conversation, a webhook request, or a name of the outside world."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from ops.access import CommandError, NotFound
from ops.jobs.outside_names import (
    CONTACT,
    MESSAGE,
    URL,
    conversation_of_message,
    conversation_of_url,
    conversations_of_contact,
)

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from config.snapshot import Account

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
    others: tuple[str, ...] = ()


async def find_target(
    connection: "Connection", word: str, accounts: "Callable[[], Mapping[str, Account]]", *, one: bool = True
) -> Target:
    """Look a word up. `accounts`: those of the mapping, read only if the word is none of ours.

    `one`: refuse a contact who has several conversations. Else the one with the newest words is the target.

    Raises:
        NotFound: nothing of that name is remembered, and it is none that Chatwoot knows.
        CommandError: it names several conversations, or Chatwoot could not be asked.
        StoreUnavailable: Redis is away.
    """
    if match := JOB.fullmatch(word):
        return Target(match["conv"], job=word)
    if letter := await DeadLetters(connection).read(word):
        return Target(letter.conv, turn=word, letter=letter)
    if CONVERSATION.fullmatch(word):
        return Target(word)
    if outside := await _find_outside(connection, word, accounts, one=one):
        return outside
    if record := await Turns(connection).read(word):
        return Target(f"{record.get('account')}:{record.get('conversation')}", turn=word, record=record)
    if found := await ConversationHistories(connection).admitted(word, [*accounts()]):
        return Target(found[0], message=found[1])
    raise NotFound(
        f"nothing is remembered of {word}. A conversation is written 1:25, or as its address in Chatwoot, a job "
        "turn:1:25:3, a contact by phone (+55...) or mail; turns are remembered for a week, webhook requests "
        "(X-Chatwoot-Delivery) for a day, and only of accounts in the mapping"
    )


async def _find_outside(
    connection: "Connection", word: str, accounts: "Callable[[], Mapping[str, Account]]", *, one: bool
) -> Target | None:
    """Return what a name of the outside world means; None where the word has the form of none."""
    if URL.fullmatch(word):
        return Target(conversation_of_url(word, accounts()))
    if CONTACT.fullmatch(word):
        return _only(word, await conversations_of_contact(word, accounts()), one=one)
    if MESSAGE.fullmatch(word):
        conv, message = await conversation_of_message(connection, word)
        return Target(conv, message=message)
    return None


def _only(word: str, found: list[str], *, one: bool) -> Target:
    if one and len(found) > 1:
        raise CommandError(f"{word} has several conversations: name one of {', '.join(found)}")
    return Target(found[0], others=tuple(found[1:]))

"""Catch-up: customers whose webhooks never arrived. Chatwoot sends none of them again, so it is asked who still waits.

Asked are accounts with a user token, for pending conversations in which nobody has answered the contact's last words.
What was admitted before is admitted no second time, so catching up once too often does no harm; its messages have the
lowest priority and come in slowly, so it delays nobody who writes now.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Final

from chatwootai.channels.incoming.messages import Incomplete, read_message
from chatwootai.channels.incoming.receipt import DEFAULT_RULES, ReadingRules, Receipt
from chatwootai.model.message.delivery import Delivery, Reason
from chatwootai.model.message.priority import LOWEST
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.telemetry.metrics import CAUGHT_UP
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import Gone
from workers.chatwoot.records import Conversation, Message, mapping, number_of, text

_PAGE: Final = 25  # conversations that Chatwoot lists at once
_MOST_PAGES: Final = 40
_MESSAGES: Final = 20  # messages that it lists at once
MOST_MESSAGES: Final = 60  # of one conversation
_PACE: Final = 0.1
"""Seconds between conversations: some twenty turns under way at once, of a worker's hundreds."""
ANSWERS: Final = (Reason.OUTGOING_OWN, Reason.OUTGOING_TEAMMATE)


RulesOf = Callable[[str, int | None], ReadingRules]


def _default_rules(_account: str, _inbox: int | None) -> ReadingRules:
    return DEFAULT_RULES


@dataclass(slots=True)
class CatchUpResult:
    """The result of catching up with one account. `full`: its mailboxes are, so the rest was left for later."""

    account: str
    conversations: int = 0
    waiting: int = 0
    admitted: int = 0
    known: int = 0
    full: bool = False


class CatchUp:
    """Admits what Chatwoot has and we were never told of.

    `hours`: how far back; `rules`: returns an inbox's rules for reading its messages; `pace`: seconds a conversation.
    """

    def __init__(self, mailbox: Mailbox, *, hours: float, rules: RulesOf = _default_rules, pace: float = _PACE) -> None:
        self._mailbox = mailbox
        self._seconds = hours * 3600
        self._rules = rules
        self.pace = pace

    async def account(
        self,
        account: str,
        chatwoot: Chatwoot,
        *,
        dry_run: bool = False,
        seconds: float | None = None,
        quiet: float = 0.0,
    ) -> CatchUpResult:
        """Catch up with one account; with `dry_run`, only count.

        `seconds`: look back only so far, never further than `hours`; `quiet`: leave alone where something was said in
        the last so many seconds.

        Raises:
            workers.chatwoot.errors.ChatwootError: Chatwoot is away, or refuses the user token.
            StoreUnavailable: Redis is away.
        """
        caught, now = CatchUpResult(account), time.time()
        since = now - (self._seconds if seconds is None else min(seconds, self._seconds))
        for conversation in await list_active(chatwoot, since):
            caught.conversations += 1
            rules = self.rules(account, conversation.inbox)
            if _is_answered(account, conversation, rules) or (quiet and _active(conversation) > now - quiet):
                continue
            for delivery in await _unanswered_messages(chatwoot, account, conversation, since, rules):
                caught.waiting += 1
                if not dry_run and not await self.admit(delivery, caught):
                    return caught
            await asyncio.sleep(self.pace)
        return caught

    def rules(self, account: str, inbox: int | None) -> ReadingRules:
        """Return an inbox's rules with the age limit raised: an operator who asks to look back further means it."""
        rules = self._rules(account, inbox)
        most = rules.most_seconds
        return rules if most is None else replace(rules, most_seconds=max(most, self._seconds))

    async def admit(self, delivery: Delivery, caught: CatchUpResult) -> bool:
        """Admit a message and count what became of it; return False where the mailboxes are full.

        Raises:
            StoreUnavailable: Redis is away.
        """
        admission = await self._mailbox.admit(delivery, priority=LOWEST)
        CAUGHT_UP.labels(admission.value).inc()
        caught.admitted += admission is Admission.ACCEPTED
        caught.known += admission is Admission.DUPLICATE
        caught.full = admission is Admission.FULL
        return not caught.full


async def list_active(chatwoot: Chatwoot, since: float, *, status: str = "pending") -> list[Conversation]:
    """Return conversations of a status with something said since `since` (unix seconds), the quietest first.

    All are read before anything is done: what is answered meanwhile moves, and would push others out of sight.

    Raises:
        workers.chatwoot.errors.ChatwootError: Chatwoot is away, or refuses the user token.
    """
    found: dict[int, Conversation] = {}
    for number in range(1, _MOST_PAGES + 1):
        page = await chatwoot.conversations(status=status, page=number)
        recent = [one for one in page if _active(one) >= since]
        found.update({one.id: one for one in recent})
        if len(page) < _PAGE or not recent:
            break
    return sorted(found.values(), key=_active)


def _active(conversation: Conversation) -> float:
    raw = conversation.raw
    return number_of(raw.get("last_activity_at")) or number_of(raw.get("timestamp")) or conversation.updated_at or 0.0


def _is_answered(account: str, conversation: Conversation, rules: ReadingRules) -> bool:
    """Tell whether the messages that came with the conversation show that its last words are not the contact's."""
    for message in reversed(conversation.last):
        meaning = meaning_of(account, conversation, message, rules)
        if isinstance(meaning, Delivery):
            return False
        if meaning in ANSWERS:
            return True
    return False


async def unanswered(
    chatwoot: Chatwoot, account: str, conversation: Conversation, since: float, rules: ReadingRules = DEFAULT_RULES
) -> list[Delivery]:
    """Return the contact's messages after the last answer, and since `since`, oldest first.

    Raises:
        workers.chatwoot.errors.ChatwootError: Chatwoot is away, or refuses the user token.
    """
    found: list[Delivery] = []
    async for message in backwards(chatwoot, conversation.id):
        meaning = meaning_of(account, conversation, message, rules)
        if meaning in ANSWERS or (message.at or 0.0) < since or len(found) == MOST_MESSAGES:
            break
        if isinstance(meaning, Delivery):
            found.append(meaning)
    return found[::-1]


async def _unanswered_messages(
    chatwoot: Chatwoot, account: str, conversation: Conversation, since: float, rules: ReadingRules
) -> list[Delivery]:
    try:
        return await unanswered(chatwoot, account, conversation, since, rules)
    except Gone:  # deleted since it was listed
        return []


async def backwards(chatwoot: Chatwoot, conversation: int) -> AsyncIterator[Message]:
    """Yield a conversation's messages, the newest first.

    Raises:
        workers.chatwoot.errors.ChatwootError: Chatwoot is away, or refuses the user token.
    """
    before: int | None = None
    while True:
        page = await chatwoot.messages(conversation, before=before)
        for message in reversed(page):
            yield message
        if len(page) < _MESSAGES:
            return
        before = page[0].id


def meaning_of(account: str, conversation: Conversation, message: Message, rules: ReadingRules) -> Delivery | Reason:
    """Return the delivery that a listed message is, or why it needs no turn."""
    # The API names a conversation's channel and source elsewhere than a webhook does.
    about = {
        **conversation.raw,
        "channel": conversation.channel,
        "contact_inbox": {"source_id": _source(conversation)},
    }
    listed = {**message.raw, "content_attributes": message.attributes}
    try:
        return read_message(listed, about, Receipt(account, time.time(), rules=rules))
    except Incomplete:
        return Reason.UNKNOWN_EVENT


def _source(conversation: Conversation) -> str | None:
    """Return the contact's address in the inbox, which the API hides in the conversation's messages."""
    for message in conversation.last:
        around = mapping(mapping(message.raw.get("conversation")).get("contact_inbox"))
        if source := text(around.get("source_id")):
            return source
    return None

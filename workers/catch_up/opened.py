"""Conversations that Chatwoot opened because a webhook of ours failed: given back and answered, unless a person came.

A door that is down, or refuses a delivery, makes Chatwoot open the conversation and say so in a line of its own. Left
alone is what anybody has touched since: an assignment, another status, a label, an answer, a note. The webhook that
failed may have told of an answer of ours, posted while the door was down: that conversation is given back too, and
nothing but what the contact wrote since is admitted.

One conversation meets, in this order: listed as open, its messages read, shown once more, set to pending, admitted. A
teammate who takes it between the last two is found by the turn, which looks who owns it before it posts; a process that
ends after "pending" leaves a pending conversation that nobody answered, which the ordinary catch-up finds.
"""

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import Final

from chatwootai.channels.incoming.receipt import ReadingRules
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.turn import Verdict
from chatwootai.stores.conversation.turns import Turns
from workers.catch_up.unanswered import (
    ANSWERS,
    MOST_MESSAGES,
    CatchUp,
    CatchUpResult,
    backwards,
    list_active,
    meaning_of,
)  # fmt: skip
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import Gone
from workers.chatwoot.records import Conversation, Message

_BEFORE: Final = 600.0
"""Seconds before the span in which the contact may have said what is still unanswered."""
_OPEN: Final = "open"
_PENDING: Final = "pending"
_BOT: Final = re.compile(r"bot|бот|机器人|機器人|ボット|봇|بوت|בוט|बॉट|บอท|μποτ|রোবট", re.IGNORECASE)
"""What names the bot in the line that Chatwoot writes, in the languages that it speaks."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds the time within which Chatwoot opened a conversation: unix seconds, both ends included."""

    since: float
    until: float

    def has(self, at: float | None) -> bool:
        """Tell whether a moment lies within it."""
        return at is not None and self.since <= at <= self.until


@dataclass(slots=True)
class Opened:
    """A conversation that Chatwoot opened itself, and what the contact said since the last answer, oldest first.

    `caused`: some of it stands before Chatwoot's line; `answer`: the turn of ours that stands there in its place.
    """

    messages: list[Delivery] = field(default_factory=list)
    caused: bool = False
    answer: str = ""


async def answer_opened(
    catch_up: CatchUp, turns: Turns, account: str, chatwoot: Chatwoot, span: Span, *, dry_run: bool = False
) -> CatchUpResult:
    """Give back and admit what Chatwoot opened within `span` for a failed webhook; with `dry_run`, only count.

    `turns`: their records tell an answer from a handoff of ours, which opens a conversation as well.

    Raises:
        workers.chatwoot.errors.ChatwootError: Chatwoot is away, or refuses a token.
        StoreUnavailable: Redis is away.
    """
    caught = CatchUpResult(account)
    for conversation in await list_active(chatwoot, span.since, status=_OPEN):
        if conversation.assignee_type == "User":
            continue
        rules = catch_up.rules(account, conversation.inbox)
        try:
            found = await _missed_messages(chatwoot, account, conversation, span, rules)
        except Gone:  # deleted since it was listed
            continue
        if not (found.caused or await _is_reply(turns, found.answer)):
            continue
        caught.conversations += 1
        caught.waiting += len(found.messages)
        if not dry_run and await _is_untouched(chatwoot, conversation):
            if not await _give_back(catch_up, chatwoot, conversation, found.messages, caught):
                return caught
            await asyncio.sleep(catch_up.pace)
    return caught


async def _is_reply(turns: Turns, turn: str) -> bool:
    """Tell whether a turn answered, as its record says; a handoff of ours, or one that is forgotten, did not."""
    record = await turns.read(turn) if turn else None
    return record is not None and record.get("outcome") == Verdict.REPLY


async def _missed_messages(
    chatwoot: Chatwoot, account: str, conversation: Conversation, span: Span, rules: ReadingRules
) -> Opened:
    """Return what the contact said and nobody answered; nothing where Chatwoot did not open it itself.

    Chatwoot's line stands right after words of the contact's, or after an answer of ours of which the webhook told.
    """
    found, opened = Opened(), False
    as_pending = replace(conversation, raw={**conversation.raw, "status": _PENDING})
    async for message in backwards(chatwoot, conversation.id):
        if message.type == "activity":
            if not opened and not (tells_of_failure(message) and span.has(message.at)):
                return Opened()
            opened = True
            continue
        meaning = meaning_of(account, as_pending, message, rules)
        over = message.private or meaning in ANSWERS or (message.at or 0.0) < span.since - _BEFORE
        if over or len(found.messages) == MOST_MESSAGES:
            if opened and not found.caused and message.mark is not None and not message.private:
                found.answer = message.mark.turn
            break
        if isinstance(meaning, Delivery):
            found.caused = found.caused or opened
            found.messages.insert(0, meaning)
    return found


def tells_of_failure(message: Message) -> bool:
    """Tell whether an activity line is the one that Chatwoot writes when a bot's webhook has failed."""
    return bool(_BOT.search(message.content))


async def _is_untouched(chatwoot: Chatwoot, conversation: Conversation) -> bool:
    now = await chatwoot.conversation(conversation.id)
    return now.status == _OPEN and now.assignee_type != "User"


async def _give_back(
    catch_up: CatchUp, chatwoot: Chatwoot, conversation: Conversation, found: list[Delivery], caught: CatchUpResult
) -> bool:
    """Set a conversation to pending and admit its messages; False where the mailboxes are full: it is opened again.

    Messages that are known already were admitted by the door, which hears of "pending" as well.
    """
    await chatwoot.set_status(conversation.id, _PENDING)
    for delivery in found:
        if not await catch_up.admit(delivery, caught):
            await chatwoot.set_status(conversation.id, _OPEN)
            return False
    return True

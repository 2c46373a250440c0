"""The door's side of a conversation: admit a delivery, pass a signal on. One script, one round trip each."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum

from chatwootai.model.message.delivery import Change, Delivery, Message
from chatwootai.model.message.effects import DeletedMessage, ObservedMessage, Signal
from chatwootai.model.message.outbox import Action
from chatwootai.model.message.priority import boost_ms, lane_of
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import job_blob, pack_action, pack_delivery, pack_exchange
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Argument, Runner

MOST_WAITING = 20_000
"""Messages that may wait for one account before the door says 429."""


class Admission(StrEnum):
    """The result of admitting a delivery."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    FULL = "full"
    UNCHANGED = "unchanged"  # an update that says nothing new


_ADMISSIONS = {one.value.encode(): one for one in Admission}
_JUST_NOW = 120.0
"""Seconds in which a changed message may overtake the news of itself."""


class Mailbox:
    """Admission to conversations' mailboxes."""

    def __init__(self, connection: Connection, *, most_waiting: int = MOST_WAITING) -> None:
        self._runner = Runner.of(connection)
        self._most_waiting = most_waiting

    async def admit(self, delivery: Delivery, *, priority: int) -> Admission:
        """Store a delivery and wake someone to answer it; the same message or request twice is one.

        Raises:
            StoreUnavailable: Redis is away. Admitting again later is safe: if it was stored, it is a duplicate.
        """
        conv = keys.conv(delivery.account, delivery.conversation)
        arguments: tuple[Argument, ...] = (
            conv,
            delivery.account,
            delivery.message.id,
            pack_delivery(delivery),
            delivery.delivery_id or "",
            lane_of(priority),
            boost_ms(priority),
            job_blob(conv, int(delivery.received_at * 1000)),
            keys.JOB_MS,
            keys.SEEN_MESSAGE_MS,
            keys.SEEN_DELIVERY_MS,
            self._most_waiting,
            keys.STATE_MS,
        )
        if delivery.change is Change.NEW:
            answer = await self._runner.run("admit", *arguments)
        else:
            fresh = int(delivery.received_at - delivery.message.at <= _JUST_NOW)
            answer = await self._runner.run(
                "revise", *arguments, delivery.change.value, _digest(delivery.message), fresh
            )
        return _ADMISSIONS[answer]

    async def withdraw(self, withdrawn: DeletedMessage) -> bool:
        """Forget a deleted message, wherever it lies; True if anything of it was here.

        Raises:
            StoreUnavailable: Redis is away.
        """
        conv = keys.conv(withdrawn.account, withdrawn.conversation)
        known = await self._runner.run(
            "withdraw",
            conv,
            withdrawn.account,
            withdrawn.message,
            repr(withdrawn.at),
            keys.SEEN_MESSAGE_MS,
            keys.HEARD_MS,
        )
        return bool(known)

    async def report(
        self, account: str, conversation: int, message: int, actions: Sequence[Action], *, priority: int, now: float
    ) -> bool:
        """Have people told once about one of our messages; False if they were, or the conversation is not known here.

        Raises:
            StoreUnavailable: Redis is away.
        """
        conv = keys.conv(account, conversation)
        told = await self._runner.run(
            "report",
            conv,
            message,
            keys.SEEN_MESSAGE_MS,
            account,
            lane_of(priority),
            boost_ms(priority),
            job_blob(conv, int(now * 1000)),
            keys.JOB_MS,
            keys.STATE_MS,
            *(pack_action(action) for action in actions),
        )
        return bool(told)

    async def signal(self, signal: Signal) -> bool:
        """Tell the worker that holds this conversation's turn, if one does; True if there was one.

        Raises:
            StoreUnavailable: Redis is away.
        """
        conv = keys.conv(signal.account, signal.conversation)
        told = await self._runner.run("signal", conv, signal.kind.value, int(signal.at * 1000), keys.STATE_MS)
        return bool(told)

    async def heard(self, heard: ObservedMessage, limits: ContextLimits, *, priority: int) -> bool:
        """Remember what was said, and have a teammate's wish fulfilled; False if it is known, or none of our business.

        Raises:
            StoreUnavailable: Redis is away.
        """
        conv = keys.conv(heard.account, heard.conversation)
        known = await self._runner.run(
            "heard",
            conv,
            heard.message,
            keys.HEARD_MS,
            pack_exchange(Exchange(heard.role, heard.text, heard.at)) if heard.text else b"",
            limits.entries,
            limits.milliseconds,
            heard.wish.value if heard.wish else "",
            heard.account,
            lane_of(priority),
            boost_ms(priority),
            job_blob(conv, int(heard.at * 1000)),
            keys.JOB_MS,
            keys.STATE_MS,
        )
        return bool(known)


def _digest(message: Message) -> str:
    said = "\0".join((message.text, *(one.transcript or "" for one in message.attachments)))
    return hashlib.sha256(said.encode()).hexdigest()[:16]

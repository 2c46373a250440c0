"""The door's side of a conversation: admit a delivery, pass a signal on. One script, one round trip each."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum

from chatwootai.model.message.delivery import Change, Delivery, Message
from chatwootai.model.message.effects import DeletedMessage, ObservedMessage, Signal
from chatwootai.model.message.outbox import Action
from chatwootai.model.message.priority import boost_ms, lane_of
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys, lifetimes
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
        arguments = self._arguments(delivery, priority)
        if delivery.change is Change.NEW:
            answer = await self._runner.run("admit", **arguments)
        else:
            fresh = int(delivery.received_at - delivery.message.at <= _JUST_NOW)
            digest = _digest(delivery.message)
            answer = await self._runner.run(
                "revise", **arguments, change=delivery.change.value, digest=digest, fresh=fresh
            )
        return _ADMISSIONS[answer]

    async def admit_before(self, delivery: Delivery, *, priority: int) -> bool:
        """Store a message that was written before one that waits already, also in a full Redis.

        Returns:
            Whether it is there now; False where nothing later of its conversation waits.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if delivery.change is not Change.NEW:
            return False
        return bool(await self._runner.run("admit_before", **self._arguments(delivery, priority)) != b"first")

    def _arguments(self, delivery: Delivery, priority: int) -> dict[str, Argument]:
        conv = keys.conv(delivery.account, delivery.conversation)
        return {
            "conv": conv,
            "account": delivery.account,
            "message": delivery.message.id,
            "entry": pack_delivery(delivery),
            "delivery": delivery.delivery_id or "",
            "lane": lane_of(priority),
            "boost_ms": boost_ms(priority),
            "blob": job_blob(conv, int(delivery.received_at * 1000)),
            "job_ms": lifetimes.JOB_MS,
            "seen_ms": lifetimes.SEEN_MESSAGE_MS,
            "seen_delivery_ms": lifetimes.SEEN_DELIVERY_MS,
            "most_waiting": self._most_waiting,
            "state_ms": lifetimes.STATE_MS,
            "contact": delivery.contact.id,
            "written_ms": int(delivery.message.at * 1000),
        }

    async def withdraw(self, withdrawn: DeletedMessage) -> bool:
        """Forget a deleted message, wherever it lies; True if anything of it was here.

        Raises:
            StoreUnavailable: Redis is away.
        """
        conv = keys.conv(withdrawn.account, withdrawn.conversation)
        known = await self._runner.run(
            "withdraw",
            conv=conv,
            account=withdrawn.account,
            message=withdrawn.message,
            at=repr(withdrawn.at),
            seen_ms=lifetimes.SEEN_MESSAGE_MS,
            heard_ms=lifetimes.HEARD_MS,
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
            *(pack_action(action) for action in actions),
            conv=conv,
            message=message,
            failed_ms=lifetimes.SEEN_MESSAGE_MS,
            account=account,
            lane=lane_of(priority),
            boost_ms=boost_ms(priority),
            blob=job_blob(conv, int(now * 1000)),
            job_ms=lifetimes.JOB_MS,
            state_ms=lifetimes.STATE_MS,
        )
        return bool(told)

    async def signal(self, signal: Signal) -> bool:
        """Tell the worker that holds this conversation's turn, if one does; True if there was one.

        Raises:
            StoreUnavailable: Redis is away.
        """
        conv = keys.conv(signal.account, signal.conversation)
        told = await self._runner.run(
            "signal", conv=conv, word=signal.kind.value, at_ms=int(signal.at * 1000), state_ms=lifetimes.STATE_MS
        )
        return bool(told)

    async def heard(self, heard: ObservedMessage, limits: ContextLimits, *, priority: int) -> bool:
        """Remember what was said, and have a teammate's wish fulfilled; False if it is known, or none of our business.

        Raises:
            StoreUnavailable: Redis is away.
        """
        conv = keys.conv(heard.account, heard.conversation)
        known = await self._runner.run(
            "heard",
            conv=conv,
            message=heard.message,
            heard_ms=lifetimes.HEARD_MS,
            exchange=pack_exchange(Exchange(heard.role, heard.text, heard.at)) if heard.text else b"",
            context_entries=limits.entries,
            context_ms=limits.milliseconds,
            requested=heard.wish.value if heard.wish else "",
            account=heard.account,
            lane=lane_of(priority),
            boost_ms=boost_ms(priority),
            blob=job_blob(conv, int(heard.at * 1000)),
            job_ms=lifetimes.JOB_MS,
            state_ms=lifetimes.STATE_MS,
        )
        return bool(known)


def _digest(message: Message) -> str:
    said = "\0".join((message.text, *(one.transcript or "" for one in message.attachments)))
    return hashlib.sha256(said.encode()).hexdigest()[:16]

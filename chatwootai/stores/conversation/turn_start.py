"""The state of a conversation as the job that begins on it reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from chatwootai.model.message.assemble import in_spoken_order
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.effects import RequestedStatus
from chatwootai.model.message.turn import Exchange
from chatwootai.stores.conversation.decision import Pending, pending_entry
from chatwootai.stores.conversation.entries import BrokenEntry, unpack_delivery, unpack_exchange
from chatwootai.stores.conversation.lease import FencedLease

_log = structlog.get_logger("chatwootai.stores.conversation.conversations")


@dataclass(frozen=True, slots=True)
class TurnStart:
    """A conversation as begin.lua returns it: unanswered deliveries and undelivered actions, both in order.

    `requested_status`: a teammate's; `idle_note`: the note of an IdleTimer that has run out; `posting_at`: unix seconds
    at which the outbox's first action was first posted, 0: never. `lost`: runs of these messages that ended with their
    worker or under a loop that stood still; `unread`: two did while they read, so nobody reads them again.
    `burst`: the name of what waits, the same in every try to answer it; `calls`: what tools did for it in earlier
    tries, HGETALL's way.
    """

    lease: FencedLease
    sequence: int
    tries: int
    deliveries: tuple[Delivery, ...]
    broken: tuple[bytes, ...]
    outbox: tuple[Pending, ...]
    context: tuple[Exchange, ...]
    requested_status: RequestedStatus | None = None
    idle_note: bytes = b""
    posting_at: float = 0.0
    lost: int = 0
    unread: bool = False
    burst: str = ""
    calls: tuple[bytes, ...] = ()


def read_turn_start(conv: str, job: str, answer: Sequence[Any]) -> TurnStart:
    """Return what begin.lua answered to a job that may begin."""
    fence, sequence, tries, closed, box, outbox, context, requested, idle_note, posting_at, *more = answer
    runs_lost, unread, burst, calls = more
    deliveries, broken = mailbox_deliveries(box)
    return TurnStart(
        lease=FencedLease(conv, job, fence),
        sequence=sequence,
        tries=tries,
        deliveries=deliveries,
        broken=broken,
        outbox=tuple(pending_entry(entry) for entry in outbox),
        context=in_spoken_order(said for said in _exchanges(context) if said.at * 1000 > closed),
        requested_status=_requested_status(requested),
        idle_note=idle_note,
        posting_at=posting_at / 1000,
        lost=runs_lost,
        unread=bool(unread),
        burst=burst.decode(),
        calls=tuple(calls),
    )


def _requested_status(value: bytes) -> RequestedStatus | None:
    return next((status for status in RequestedStatus if status.value.encode() == value), None)


def mailbox_deliveries(box: Sequence[bytes]) -> tuple[tuple[Delivery, ...], tuple[bytes, ...]]:
    """Return the deliveries of a mailbox in order, and the entries that could not be read."""
    deliveries: list[Delivery] = []
    broken: list[bytes] = []
    for entry in box:
        try:
            deliveries.append(unpack_delivery(entry))
        except BrokenEntry as error:
            _log.error("mailbox_entry_broken", error=str(error))
            broken.append(entry)
    return tuple(deliveries), tuple(broken)


def _exchanges(context: Sequence[bytes]) -> list[Exchange]:
    known: list[Exchange] = []
    for entry in context:
        try:
            known.append(unpack_exchange(entry))
        except BrokenEntry as error:  # context is a help, not a promise: go on without
            _log.warning("context_entry_broken", error=str(error))
    return known

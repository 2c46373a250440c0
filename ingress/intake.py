"""Stores a delivery in Redis, or else in the journal, before Chatwoot gets its 200.

Order: a mailbox sorts by message id, so across conversations, processes and adopted files order does not matter. What
matters is one conversation's: its next message would start a turn without the ones before. So a delivery whose
conversation has messages in this process' journal goes behind them; all others go to Redis as soon as it answers. At
the very bound of a full Redis another door may find room for a later message: then the earlier one is stored beside it,
well within a burst's window, before there is room for others.
"""

import asyncio
from time import perf_counter
from typing import Final

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.effects import Signal
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import BrokenEntry, pack_delivery
from chatwootai.stores.conversation.mailbox import MOST_WAITING, Admission, Mailbox
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.errors import AccountMoved
from chatwootai.stores.server.examination import probe
from chatwootai.stores.server.state import state_of
from chatwootai.telemetry import log, metrics
from chatwootai.telemetry.tasks import set_within
from ingress.backpressure import BackpressureMonitor
from ingress.journal import effect_records
from ingress.journal.effect_records import ScopedEffect
from ingress.journal.journal import Journal, JournalRefused
from ingress.journal.moved import MovedDeliveries
from ingress.journal.replay import Broken, Record, by_conversation

REDIS_SECONDS: Final = 1.0  # of connecting and of one answer; then the journal has the word. Chatwoot waits 5 s

REDIS_RETRIES: Final = 0  # the journal is the better second try
BATCH: Final = 128
_MOST_EARLIER: Final = 1024
"""Messages of which is looked whether a later one of their conversation waits."""
_PAUSES: Final = (0.05, 0.1, 0.2)  # all doors come back well within a burst's window
_LOOK_FOR_ORPHANS: Final = 5.0
_NO_BOUND: Final = 2**53  # what was acknowledged is never refused afterwards

_log = log.get("ingress.intake")
_in_redis = metrics.ADMIT_SECONDS.labels("redis")
_in_journal = metrics.ADMIT_SECONDS.labels("journal")
_replayed_count = metrics.JOURNAL_EVENTS.labels("replayed")


class StorageUnavailable(Exception):
    """Neither Redis nor the journal took the delivery."""


class DeliveryIntake:
    """Admits to Redis, or to the journal while Redis is away; `run` brings the journal back to Redis."""

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        *,
        most_waiting: int = MOST_WAITING,
        moved: MovedDeliveries | None = None,
    ) -> None:
        self._connection = connection
        self.state = state_of(connection)
        self._mailbox = Mailbox(connection, most_waiting=most_waiting)
        self.pressure = BackpressureMonitor(connection, most_waiting)
        self.unbounded = Mailbox(connection, most_waiting=_NO_BOUND)
        self._moved = moved
        self.journal = journal
        self.away = False
        self._earlier: BoundedCache[tuple[str, int], tuple[Delivery, int]] = BoundedCache(_MOST_EARLIER)
        self._closing = asyncio.Event()
        self.state.outage.details = self.state.fullness.details = self._waiting

    def _waiting(self) -> dict[str, int]:
        return {"records": self.journal.records, "bytes": self.journal.size}

    async def admit(self, delivery: Delivery, priority: int) -> Admission:
        """Store a delivery. What the journal takes counts as accepted: a duplicate shows when it is replayed.

        Raises:
            StorageUnavailable: Redis is away, and the disk full or not writable.
        """
        conversation = keys.conv(delivery.account, delivery.conversation)
        behind = self._journal_before(conversation)
        if behind is self.journal:
            try:
                return await self._to_journal(delivery, priority, conversation)
            except JournalRefused:
                return await self._to_redis_last(delivery, priority)
        if behind is not None:
            return await self._to_other_journal(behind, delivery, priority, conversation)
        try:
            return await self._to_redis(delivery, priority)
        except AccountMoved as error:
            if self._moved is None:
                raise StorageUnavailable from error
            return await self._to_other_journal(self._moved.journal, delivery, priority, conversation)
        except StoreUnavailable:
            self._mark_away()
        try:
            return await self._to_journal(delivery, priority, conversation)
        except JournalRefused as error:
            raise StorageUnavailable from error

    def _journal_before(self, conversation: str) -> Journal | None:
        """Return the journal that a conversation's next goes into; None: Redis.

        Where something of it waits already, so that it comes behind that: in this shard's journal, in that of a shard
        which its account has left, or in that of moving accounts. Else in this shard's, if Redis is away.
        """
        if self.journal.holds(conversation):
            return self.journal
        if self._moved is not None and (holding := self._moved.journal_holding(conversation)) is not None:
            return holding
        return self.journal if self.away else None

    async def _to_redis(self, delivery: Delivery, priority: int) -> Admission:
        begun = perf_counter()
        admission = await self._mailbox.admit(delivery, priority=priority)
        _in_redis.observe(perf_counter() - begun)
        return admission

    async def _to_redis_last(self, delivery: Delivery, priority: int) -> Admission:
        try:
            return await self._to_redis(delivery, priority)
        except StoreUnavailable as error:
            raise StorageUnavailable from error

    async def _to_journal(self, delivery: Delivery, priority: int, conversation: str) -> Admission:
        begun = perf_counter()
        await self.journal.append(_packed(delivery, priority), conversation)
        if self.state.fullness.full:
            self._earlier.put((conversation, delivery.message.id), (delivery, priority))
        _in_journal.observe(perf_counter() - begun)
        return Admission.ACCEPTED

    async def _to_other_journal(
        self, journal: Journal, delivery: Delivery, priority: int, conversation: str
    ) -> Admission:
        try:
            await journal.append(_packed(delivery, priority), conversation)
        except JournalRefused as error:
            raise StorageUnavailable from error
        return Admission.ACCEPTED

    async def apply(self, effect: ScopedEffect) -> None:
        """Apply an effect of an event that needs no turn; while Redis is away, what is still of use then is journaled.

        What is lost of these costs no webhook its 200.
        """
        _count(effect, await self._apply(effect))

    async def _apply(self, effect: ScopedEffect) -> str:
        """Return what became of it, for the metric."""
        if effect.at_once:
            behind = self.journal if self.away and not self.state.fullness.full else None
        else:
            behind = self._journal_before(effect.conversation)
        if behind is None:
            try:
                return "told" if await effect.apply(self._mailbox) else "nobody"
            except AccountMoved:
                behind = self._moved.journal if self._moved else self.journal
            except StoreUnavailable:
                self._mark_away()
                behind = self.journal
        return await _keep(effect, behind)

    def _mark_away(self) -> None:
        self.away = True
        self.journal.filled.set()  # wakes `run`, which looks for Redis until it is back

    async def run(self) -> None:
        """Bring the journals of this and of dead processes into Redis, until `close`.

        Never cancel this: redis-py looks for broken connections under a timeout of 0 s, and a cancellation that meets
        it there is lost.
        """
        failures = 0
        while not self._closing.is_set():
            try:
                await self._drain()
                failures = 0
                await set_within(self.journal.filled, _LOOK_FOR_ORPHANS)
                self.journal.filled.clear()
            except Exception as error:  # noqa: BLE001 - the last thing that may stop is this
                self._note_failure(error)
                await self._store_earlier()
                await set_within(self._closing, _PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    async def _store_earlier(self) -> None:
        """Store what is earlier than what another door found room for; the journal's replay finds it a duplicate."""
        for key, (delivery, priority) in list(self._earlier.items()) if self.state.fullness.full else ():
            try:
                if await self.unbounded.admit_before(delivery, priority=priority):
                    self._earlier.pop(key)
            except Exception:  # noqa: BLE001 - the journal has it, and `run` says what is wrong
                return

    def close(self) -> None:
        """Let `run` end after the batch it is at; what is left stays in the journal."""
        self._closing.set()
        self.journal.filled.set()

    def _note_failure(self, error: Exception) -> None:
        if isinstance(error, StoreUnavailable):
            self.away = True
        else:
            _log.error("replay_failed", exc_info=error)

    async def _drain(self) -> None:
        await self.journal.adopt()
        await self.probe()
        # A Redis that was full a moment ago refuses one write and takes the next: until it has had room for a while,
        # what arrives goes behind what the journals of all doors hold.
        self.away = self.state.fullness.full
        while self.journal.size and not self._closing.is_set():
            batch = await self.journal.next_batch(BATCH)
            await self.journal.mark_replayed(batch, await self._replay(batch.payloads))
        self._earlier = BoundedCache(_MOST_EARLIER)

    async def probe(self) -> None:
        """Ask Redis whether it takes what a door brings: one that only answers a PING may refuse that.

        Raises:
            StoreUnavailable: it does not, or said nothing in time.
        """
        await probe(self._connection)

    async def _replay(self, payloads: list[bytes]) -> list[str]:
        """Store a batch of the journal's records and return the conversations that they were about.

        Conversations are stored side by side, the records of one after each other: at the very bound of a full Redis
        one write is refused and the next is taken, and a message must not get past the one before it.

        Raises:
            StoreUnavailable: Redis is away again, or refuses everything. All is tried again: the same message twice
                is one.
        """
        records, broken = by_conversation(payloads)
        results = await asyncio.gather(*map(self._store_in_order, records.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
            broken += result
        if broken and len(broken) == len(payloads) and not all(isinstance(one, BrokenEntry) for _, one in broken):
            raise StoreUnavailable(type(broken[0][1]).__name__, str(broken[0][1]))
        for payload, error in broken:
            _log.error("journal_record_rejected", error=type(error).__name__, bytes=len(payload))
            await self.journal.reject(payload)
        _replayed_count.inc(len(payloads) - len(broken))
        return [conversation for conversation, several in records.items() for _ in several]

    async def _store(self, record: Record) -> None:
        """Store a record, or keep it for the shard that its account lives on by now, or is moving to.

        Raises:
            StoreUnavailable: neither of the two takes it now.
        """
        if self._moved is None or not self._goes_elsewhere(self._moved, record):
            try:
                await record.store(self.unbounded)
                return
            except AccountMoved:
                if self._moved is None:
                    raise
        try:
            await self._moved.keep(record.payload, record.conversation)
        except JournalRefused as error:
            raise StoreUnavailable(type(error).__name__, str(error)) from None

    def _goes_elsewhere(self, moved: MovedDeliveries, record: Record) -> bool:
        """Tell whether a record's account lives on another shard, or what came before it waits for its move."""
        home = moved.mailbox_of(record.account)
        return moved.journal.holds(record.conversation) or (home is not None and home is not self.unbounded)

    async def _store_in_order(self, records: list[Record]) -> list[Broken]:
        """Store the records of one conversation and return those that Redis will never take.

        Raises:
            StoreUnavailable: Redis did not take one; those behind it were not tried.
        """
        broken: list[Broken] = []
        for record in records:
            try:
                await self._store(record)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the record is put aside and the next is tried
                broken.append((record.payload, error))
        return broken


def _packed(delivery: Delivery, priority: int) -> bytes:
    return bytes([priority]) + pack_delivery(delivery)


async def _keep(effect: ScopedEffect, journal: Journal) -> str:
    """Have a journal keep an effect that is of use later; return what became of it."""
    if not effect.lasts or journal.crowded:
        return "lost"
    try:
        await journal.append(effect_records.pack(effect), effect.conversation)
    except JournalRefused:
        return "lost"
    return "kept"


def _count(effect: ScopedEffect, fate: str) -> None:
    if isinstance(effect.about, Signal):
        metrics.SIGNALS.labels(effect.kind, fate).inc()
    else:
        metrics.ASIDES.labels(effect.kind, fate).inc()

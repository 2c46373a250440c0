"""Keeps what arrives for accounts that are moving to another shard, and stores it there once the move lets it in.

The shard that an account leaves refuses what is written to it (AccountMoved). From then on a door keeps the account's
deliveries in a journal of their own, in which a conversation's order holds as in any other, and tries the shard where
the configuration places the account: after the move the new one, and the old one where the move was given up.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import set_within
from ingress.journal.journal import Journal
from ingress.journal.replay import read_record

FOLDER: Final = "_moved"
"""Its folder within JOURNAL_DIR: no name of a shard."""
_PAUSE: Final = 0.1
_LOOK_FOR_ORPHANS: Final = 5.0
_log = log.get("ingress.journal.moved")


class MovedDeliveries:
    """Deliveries of accounts that are moving. `mailbox_of`: where an account lives; None: it is nobody's any more."""

    def __init__(self, journal: Journal, mailbox_of: Callable[[str], Mailbox | None]) -> None:
        self.journal = journal
        self._mailbox_of = mailbox_of
        self._closing = asyncio.Event()

    def holds(self, conversation: str) -> bool:
        """Tell whether something of this conversation waits here, so that what comes next must wait behind it."""
        return self.journal.holds(conversation)

    async def keep(self, payload: bytes, conversation: str) -> None:
        """Keep a record; it is on the disk when this returns.

        Raises:
            JournalRefused: it could not be stored.
        """
        await self.journal.append(payload, conversation)

    async def run(self) -> None:
        """Store what waits, in its order, until `close`: one that is refused holds up those behind it."""
        while not self._closing.is_set():
            try:
                await self._drain()
                await set_within(self.journal.filled, _LOOK_FOR_ORPHANS)
                self.journal.filled.clear()
            except StoreUnavailable:  # the move goes on, or the shard is away: others tell of that
                await set_within(self._closing, _PAUSE)
            except Exception:  # noqa: BLE001 - the last thing that may stop is this
                _log.exception("replay_failed")
                await set_within(self._closing, _PAUSE)

    def close(self) -> None:
        """Let `run` end after the record it is at; what is left stays in the journal."""
        self._closing.set()
        self.journal.filled.set()

    async def _drain(self) -> None:
        await self.journal.adopt()
        while self.journal.size and not self._closing.is_set():
            batch = await self.journal.next_batch(1)
            stored = [await self._store(payload) for payload in batch.payloads]
            await self.journal.mark_replayed(batch, [conversation for conversation in stored if conversation])

    async def _store(self, payload: bytes) -> str:
        """Store a record and return its conversation; what nobody will ever take is put aside.

        Raises:
            StoreUnavailable: it is not taken yet.
        """
        conversation = ""
        try:
            record = read_record(payload)
            conversation = record.conversation
            if (mailbox := self._mailbox_of(record.account)) is not None:
                await record.store(mailbox)
                return conversation
            error = "unmapped"
        except StoreUnavailable:
            raise
        except Exception as failed:  # noqa: BLE001 - whatever it is, the record is put aside and the next is tried
            error = type(failed).__name__
        _log.error("journal_record_rejected", error=error, bytes=len(payload))
        await self.journal.reject(payload)
        return conversation

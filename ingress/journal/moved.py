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
from ingress.journal.by_account import JournalByAccount
from ingress.journal.journal import Journal
from ingress.journal.replay import read_record

FOLDER: Final = "_moved"
"""Its folder within JOURNAL_DIR: no name of a shard."""
_PAUSE: Final = 0.1
_LOOK_FOR_ORPHANS: Final = 5.0
_log = log.get("ingress.journal.moved")


class MovedDeliveries:
    """Deliveries of accounts that are moving. `mailbox_of`: where an account lives; None: it is nobody's any more.

    `of_shards`: the journals of all shards, which say what an account has waiting where it lived before.
    """

    def __init__(self, journal: JournalByAccount, mailbox_of: Callable[[str], Mailbox | None]) -> None:
        self.journal = journal
        self.mailbox_of = mailbox_of
        self.of_shards: list[Journal] = []
        self._closing = asyncio.Event()

    def journal_holding(self, conversation: str) -> Journal | None:
        """Return the journal in which something of a conversation waits, so that what comes next must wait behind it.

        A shard's journal comes first: what that brings here comes behind what is here already.
        """
        return next((each for each in (*self.of_shards, self.journal) if each.holds(conversation)), None)

    async def keep(self, payload: bytes, conversation: str) -> None:
        """Keep a record; it is on the disk when this returns.

        Raises:
            JournalRefused: it could not be stored.
        """
        await self.journal.append(payload, conversation)

    async def run(self) -> None:
        """Store what waits until `close`, each account's in its order: one that is refused holds up its account's."""
        while not self._closing.is_set():
            try:
                if await self._drain():
                    await set_within(self.journal.filled, _LOOK_FOR_ORPHANS)
                    self.journal.filled.clear()
                    continue
            except Exception:  # noqa: BLE001 - the last thing that may stop is this
                _log.exception("replay_failed")
            await set_within(self._closing, _PAUSE)

    def close(self) -> None:
        """Let `run` end after the records it is at; what is left stays in the journal."""
        self._closing.set()
        self.journal.filled.set()

    async def _drain(self) -> bool:
        """Store what is taken; False where something is not: its move goes on, or its shard is away."""
        await self.journal.adopt()
        accounts = await self.journal.accounts()
        results = await asyncio.gather(*map(self._drain_account, accounts), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, StoreUnavailable):
                raise result
        return not any(results)

    async def _drain_account(self, account: str) -> None:
        """Store what waits of an account, in its order.

        Raises:
            StoreUnavailable: one is not taken yet; those behind it were not tried.
        """
        while not self._closing.is_set() and (payload := await self.journal.next_of(account)) is not None:
            await self._store(payload)
            await self.journal.take(account)

    async def _store(self, payload: bytes) -> None:
        """Store a record; what nobody will ever take is put aside.

        Raises:
            StoreUnavailable: it is not taken yet.
        """
        try:
            record = read_record(payload)
            if (mailbox := self.mailbox_of(record.account)) is not None:
                await record.store(mailbox)
                return
            error = "unmapped"
        except StoreUnavailable:
            raise
        except Exception as failed:  # noqa: BLE001 - whatever it is, the record is put aside and the next is tried
            error = type(failed).__name__
        _log.error("journal_record_rejected", error=error, bytes=len(payload))
        await self.journal.reject(payload)

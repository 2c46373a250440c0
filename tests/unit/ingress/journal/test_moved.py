"""Deliveries of accounts that move, kept in a journal on disk, and mailboxes in memory that take them or do not yet."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.effects import Signal, SignalKind
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import pack_delivery
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.server.connection import StoreUnavailable
from ingress.journal import effect_records
from ingress.journal.by_account import JournalByAccount
from ingress.journal.effect_records import ScopedEffect
from ingress.journal.journal import JournalRefused
from ingress.journal.journal_format import scan
from ingress.journal.moved import MovedDeliveries
from tests.builders import delivery


class Mailboxes:
    """Where each account lives. `barred`: accounts that are not taken yet; `broken`: those that a fault meets."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int, int]] = []
        self.signals: list[Signal] = []
        self.barred: set[str] = set()
        self.broken: set[str] = set()
        self.unknown: set[str] = set()
        self.changed = asyncio.Event()
        self.refused = asyncio.Event()

    def of(self, account: str) -> Mailbox | None:
        return None if account in self.unknown else cast(Mailbox, self)

    def _let_in(self, account: str) -> None:
        if account in self.barred:
            self.refused.set()
            raise StoreUnavailable("ACCOUNT_MOVED")
        if account in self.broken:
            raise RuntimeError("a fault of ours")

    async def admit(self, one: Delivery, *, priority: int) -> None:
        self._let_in(one.account)
        self.taken.append((one.account, one.message.id, priority))
        self.changed.set()

    async def signal(self, one: Signal, **_: Any) -> None:
        self._let_in(one.account)
        self.signals.append(one)
        self.changed.set()

    async def has(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.taken) + len(self.signals) < count:
                self.changed.clear()
                await self.changed.wait()


def record(message: int, account: str = "1", conversation: int = 25, priority: int = 5) -> tuple[bytes, str]:
    """Return a journal's record of a message, and its conversation."""
    one = delivery(message, account=account, conversation=conversation)
    return bytes([priority]) + pack_delivery(one), keys.conv(account, conversation)


@asynccontextmanager
async def moving(folder: Path, boxes: Mailboxes, *, runs: bool = True) -> AsyncIterator[MovedDeliveries]:
    journal = JournalByAccount(folder)
    await journal.open()
    moved = MovedDeliveries(journal, boxes.of)
    task = asyncio.create_task(moved.run()) if runs else None
    try:
        yield moved
    finally:
        moved.close()
        if task is not None:
            await asyncio.wait_for(task, 5)
        await journal.close()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingress.journal.moved._PAUSE", 0.001)


async def emptied(moved: MovedDeliveries) -> None:
    """Wait until nothing is left: the disk does not call back."""
    async with asyncio.timeout(5):
        while moved.journal.size:  # noqa: ASYNC110 - what is asked is a file
            await asyncio.sleep(0.001)


def journals(folder: Path) -> list[Path]:
    return list(folder.glob("*.journal"))


def rejected(folder: Path) -> list[bytes]:
    path = folder / "rejected.records"
    return [one.payload for one in scan(path.read_bytes())] if path.exists() else []


async def test_what_is_kept_is_stored_in_its_order_with_its_priority(tmp_path: Path) -> None:
    boxes = Mailboxes()
    async with moving(tmp_path, boxes) as moved:
        for number in (7, 8, 9):
            await moved.keep(*record(number, priority=number))
        await boxes.has(3)
        await emptied(moved)
    assert boxes.taken == [("1", 7, 7), ("1", 8, 8), ("1", 9, 9)]
    assert rejected(tmp_path) == []
    assert journals(tmp_path) == []


async def test_a_conversation_is_held_from_its_first_record_until_its_last_is_stored(tmp_path: Path) -> None:
    boxes = Mailboxes()
    boxes.barred.add("1")
    async with moving(tmp_path, boxes) as moved:
        assert not moved.journal.holds("1:25")
        await moved.keep(*record(7))
        await moved.keep(*record(8))
        assert moved.journal.holds("1:25")
        assert not moved.journal.holds("1:26")
        await asyncio.wait_for(boxes.refused.wait(), 5)
        assert boxes.taken == []
        boxes.barred.clear()
        await boxes.has(2)
        await emptied(moved)
        async with asyncio.timeout(5):
            while moved.journal.holds("1:25"):  # noqa: ASYNC110 - released once the disk has it
                await asyncio.sleep(0.001)


async def test_one_that_is_not_taken_yet_holds_up_its_accounts_alone_and_is_not_put_aside(tmp_path: Path) -> None:
    boxes = Mailboxes()
    boxes.barred.add("1")
    async with moving(tmp_path, boxes) as moved:
        for message, account in ((7, "1"), (8, "2"), (9, "1"), (10, "2")):
            await moved.keep(*record(message, account))
        await boxes.has(2)
        for _ in range(3):
            boxes.refused.clear()
            await asyncio.wait_for(boxes.refused.wait(), 5)
        assert [message for _, message, _ in boxes.taken] == [8, 10]
        boxes.barred.clear()
        await boxes.has(4)
    assert [message for _, message, _ in boxes.taken] == [8, 10, 7, 9]
    assert rejected(tmp_path) == []


async def test_what_is_nobodys_any_more_is_put_aside_and_the_next_is_stored(tmp_path: Path) -> None:
    boxes = Mailboxes()
    boxes.unknown.add("1")
    async with moving(tmp_path, boxes) as moved:
        await moved.keep(*record(7, "1"))
        await moved.keep(*record(8, "2"))
        await boxes.has(1)
        await emptied(moved)
    assert boxes.taken == [("2", 8, 5)]
    assert rejected(tmp_path) == [record(7, "1")[0]]


@pytest.mark.parametrize("garbage", [b"\x05{", b"", b"\x05", b"no record at all"])
async def test_what_nobody_can_read_is_put_aside(tmp_path: Path, garbage: bytes) -> None:
    boxes = Mailboxes()
    async with moving(tmp_path, boxes) as moved:
        await moved.keep(garbage, "1:25")
        await moved.keep(*record(8))
        await boxes.has(1)
        await emptied(moved)
    assert rejected(tmp_path) == [garbage]
    assert boxes.taken == [("1", 8, 5)]


async def test_a_record_that_a_fault_of_ours_meets_is_put_aside_with_its_words_for_a_person(tmp_path: Path) -> None:
    boxes = Mailboxes()
    boxes.broken.add("1")
    async with moving(tmp_path, boxes) as moved:
        await moved.keep(*record(7, "1"))
        await moved.keep(*record(8, "2"))
        await boxes.has(1)
        await emptied(moved)
    assert rejected(tmp_path) == [record(7, "1")[0]]


async def test_an_effect_is_applied_in_its_place(tmp_path: Path) -> None:
    boxes = Mailboxes()
    one = Signal(account="1", conversation=25, kind=SignalKind.RESOLVED, at=1.0)
    async with moving(tmp_path, boxes) as moved:
        await moved.keep(*record(7))
        await moved.keep(effect_records.pack(ScopedEffect(about=one)), "1:25")
        await boxes.has(2)
        await emptied(moved)
    assert boxes.taken == [("1", 7, 5)]
    assert boxes.signals == [one]


async def test_what_is_left_is_stored_by_the_next_process(tmp_path: Path) -> None:
    boxes = Mailboxes()
    boxes.barred.add("1")
    async with moving(tmp_path, boxes) as moved:
        await moved.keep(*record(7))
        await moved.keep(*record(8))
        await asyncio.wait_for(boxes.refused.wait(), 5)
    boxes.barred.clear()
    async with moving(tmp_path, boxes) as moved:
        await boxes.has(2)
        await emptied(moved)
        assert not moved.journal.holds("1:25")
    assert [message for _, message, _ in boxes.taken] == [7, 8]


async def test_told_to_close_it_ends_though_something_waits(tmp_path: Path) -> None:
    boxes = Mailboxes()
    boxes.barred.add("1")
    async with moving(tmp_path, boxes) as moved:
        await moved.keep(*record(7))
        await asyncio.wait_for(boxes.refused.wait(), 5)
    assert boxes.taken == []
    assert len(journals(tmp_path)) == 1


async def test_a_fault_of_the_journal_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes, faults = Mailboxes(), [OSError(5, "Input/output error")]
    async with moving(tmp_path, boxes, runs=False) as moved:
        adopt = moved.journal.adopt

        async def fails_once() -> int:
            if faults:
                raise faults.pop()
            return await adopt()

        monkeypatch.setattr(moved.journal, "adopt", fails_once)
        task = asyncio.create_task(moved.run())
        await moved.keep(*record(7))
        await boxes.has(1)
        moved.close()
        await asyncio.wait_for(task, 5)


async def test_a_full_journal_refuses_and_holds_nothing(tmp_path: Path) -> None:
    journal = JournalByAccount(tmp_path, most_bytes=10)
    await journal.open()
    moved = MovedDeliveries(journal, Mailboxes().of)
    with pytest.raises(JournalRefused):
        await moved.keep(*record(7))
    assert not moved.journal.holds("1:25")
    await journal.close()


async def test_an_empty_file_of_a_dead_process_is_removed_and_one_that_lost_its_name_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dead.journal").touch()
    journal = JournalByAccount(tmp_path)
    assert await journal.adopt() == 0
    assert journals(tmp_path) == []
    locked = fcntl.flock

    def removed_first(descriptor: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", locked)
        for path in journals(tmp_path):
            path.unlink()
        locked(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    await journal.open()
    assert len(journals(tmp_path)) == 1
    await journal.close()

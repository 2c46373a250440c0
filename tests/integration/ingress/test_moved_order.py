"""Order within a conversation while accounts move, and shards go away and come back, in whatever order that happens."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect
from chatwootai.stores.server.errors import AccountMoved
from chatwootai.stores.server.state import shard_state
from ingress import intake as intake_module
from ingress.intake import DeliveryIntake
from ingress.journal import moved as moved_module
from ingress.journal.by_account import JournalByAccount
from ingress.journal.journal import Journal
from ingress.journal.moved import MovedDeliveries
from tests.builders import delivery

NAMES = ("a", "b")
ACCOUNTS = ("1", "2")
CONVERSATIONS = (25, 26)


@dataclass
class Installation:
    """Two shards as a door meets them. `stored`: the messages of each conversation in the order of their admission."""

    away: set[str] = field(default_factory=set)
    refusing: set[tuple[str, str]] = field(default_factory=set)
    home: dict[str, str] = field(default_factory=lambda: dict.fromkeys(ACCOUNTS, "a"))
    stored: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def move(self, account: str, step: int) -> None:
        """Take an account one step of its move: held, copied, placed by the configuration."""
        source = self.home[account]
        target = "b" if source == "a" else "a"
        if step == 0:
            self.refusing |= {(source, account), (target, account)}
        elif step == 1:
            self.refusing.discard((target, account))
        else:
            self.home[account] = target

    def give_up(self, account: str) -> None:
        source = self.home[account]
        self.refusing.discard((source, account))
        self.refusing.add(("b" if source == "a" else "a", account))


class ScriptedMailbox(Mailbox):
    """Admission to one shard, which answers as the installation says, after a while that is drawn."""

    def __init__(self, connection: Connection, shard: str, installation: Installation, draw: random.Random) -> None:
        super().__init__(connection)
        self._shard, self._installation, self._draw = shard, installation, draw

    async def admit(self, delivery: Delivery, *, priority: int) -> Admission:
        for _ in range(self._draw.randrange(3)):
            await asyncio.sleep(0)
        if self._shard in self._installation.away:
            raise StoreUnavailable("ConnectionError", "away")
        if (self._shard, delivery.account) in self._installation.refusing:
            raise AccountMoved("left")
        stored = self._installation.stored[keys.conv(delivery.account, delivery.conversation)]
        if delivery.message.id in stored:
            return Admission.DUPLICATE
        stored.append(delivery.message.id)
        return Admission.ACCEPTED


class Intake(DeliveryIntake):
    """An intake whose Redis answers as the installation says."""

    def script(self, shard: str, installation: Installation, draw: random.Random) -> None:
        self._shard, self._installation = shard, installation
        self._mailbox = self.unbounded = ScriptedMailbox(self._connection, shard, installation, draw)

    async def probe(self) -> None:
        if self._shard in self._installation.away:
            raise StoreUnavailable("ConnectionError", "away")


@dataclass
class Door:
    installation: Installation
    intakes: dict[str, Intake]
    moved: MovedDeliveries

    async def deliver(self, account: str, conversation: int, message: int) -> None:
        intake = self.intakes[self.installation.home[account]]
        assert await intake.admit(delivery(message, account=account, conversation=conversation), 5)

    async def until_empty(self) -> None:
        journals = (self.moved.journal, *(one.journal for one in self.intakes.values()))
        async with asyncio.timeout(60):
            while any(each.size for each in journals):  # noqa: ASYNC110 - a journal calls nobody
                await asyncio.sleep(0.005)


@asynccontextmanager
async def a_door(folder: Path, installation: Installation, draw: random.Random) -> AsyncIterator[Door]:
    async with AsyncExitStack() as stack:
        intakes: dict[str, Intake] = {}
        moved = MovedDeliveries(
            JournalByAccount(folder / "_moved"), lambda account: intakes[installation.home[account]].unbounded
        )
        await moved.journal.open()
        stack.push_async_callback(moved.journal.close)
        for name in NAMES:
            journal = Journal(folder / name, shard=name)
            await journal.open()
            stack.push_async_callback(journal.close)
            intakes[name] = Intake(connect("redis://127.0.0.1:1", shard=name), journal, moved=moved)
            intakes[name].script(name, installation, draw)
        moved.of_shards = [each.journal for each in intakes.values()]
        parts: list[MovedDeliveries | Intake] = [moved, *intakes.values()]
        running = [asyncio.create_task(part.run()) for part in parts]
        try:
            yield Door(installation, intakes, moved)
        finally:
            for part in parts:
                part.close()
            await asyncio.gather(*running)
            for name in NAMES:
                shard_state(name).outage.details = shard_state(name).fullness.details = dict


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "_PAUSES", (0.001,))
    monkeypatch.setattr(moved_module, "_PAUSE", 0.001)
    monkeypatch.setattr("os.fdatasync", lambda _: None)  # order is looked at, not what outlives a power cut


@pytest.mark.parametrize("seed", range(12))
async def test_no_message_is_stored_before_the_one_before_it(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    installation, steps = Installation(), dict.fromkeys(ACCOUNTS, 0)
    wanted: dict[str, list[int]] = defaultdict(list)
    async with a_door(tmp_path, installation, draw) as door:
        for message in range(1, 100):
            what = draw.random()
            if what < 0.6:
                account, conversation = draw.choice(ACCOUNTS), draw.choice(CONVERSATIONS)
                await door.deliver(account, conversation, message)
                wanted[keys.conv(account, conversation)].append(message)
            elif what < 0.75:
                installation.away ^= {draw.choice(NAMES)}
            elif what < 0.9:
                account = draw.choice(ACCOUNTS)
                installation.move(account, steps[account])
                steps[account] = (steps[account] + 1) % 3
            elif what < 0.95 and steps[account := draw.choice(ACCOUNTS)] > 0:
                installation.give_up(account)
                steps[account] = 0
            else:
                await asyncio.sleep(draw.choice((0, 0.002, 0.01)))
        installation.away.clear()
        for account in ACCOUNTS:
            for step in range(steps[account], 3) if steps[account] else ():
                installation.move(account, step)
        await door.until_empty()
    assert installation.stored == wanted


async def test_an_account_whose_move_goes_on_holds_up_no_other(tmp_path: Path) -> None:
    draw = random.Random(1)
    installation = Installation()
    async with a_door(tmp_path, installation, draw) as door:
        for account in ACCOUNTS:
            installation.move(account, 0)
        for message in (1, 2, 3):
            for account in ACCOUNTS:
                await door.deliver(account, 25, message)
        for step in (1, 2):
            installation.move("2", step)
        async with asyncio.timeout(30):
            while installation.stored[keys.conv("2", 25)] != [1, 2, 3]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
        assert not installation.stored[keys.conv("1", 25)]
        await door.deliver("1", 25, 4)
        installation.give_up("1")
        await door.until_empty()
    assert installation.stored[keys.conv("1", 25)] == [1, 2, 3, 4]

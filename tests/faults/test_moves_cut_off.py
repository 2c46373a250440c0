"""A move that is cut off anywhere, and run again: each message is answered once, and nothing lies in two places.

Between the move and both Redis stands a proxy that lets so many requests through and then breaks every connection.
Meanwhile doors go on: what the source refuses they keep, as journals do, until their configuration names the target.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.turn import NO_CONTEXT
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Decision
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.moving.move import Move
from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.errors import AccountMoved
from ops.access import CommandError
from ops.moving.steps import carry_out, take_back
from tests.builders import delivery

ACCOUNT = "7"
EVERY = 2
"""Each second request is one to be cut off at: a step is many requests."""


class Cut:
    """A Unix socket before another one. `left`: requests that still pass; None: all do."""

    def __init__(self, path: Path, behind: str) -> None:
        self.path, self._behind = path, behind
        self.left: int | None = None
        self.passed = 0
        self._open: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Cut"]:
        server = await asyncio.start_unix_server(self._serve, str(self.path))
        try:
            yield self
        finally:
            server.close()
            self._close()

    def _close(self) -> None:
        for writer in self._open:
            writer.close()
        self._open = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_unix_connection(self._behind)
        self._open += [writer, here]
        back = asyncio.create_task(self._pass(there, writer))
        while data := await reader.read(1 << 20):
            if self.left is not None:
                if self.left <= 0:
                    break
                self.left -= 1
            self.passed += 1
            here.write(data)
        writer.close()
        here.close()
        with suppress(OSError):
            await back

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 20):
                writer.write(data)
        writer.close()


@dataclass(slots=True)
class Doors:
    """The doors of an installation with two shards: where they admit, and what they keep."""

    shards: dict[str, Connection]
    place: str = "a"
    kept: list[Delivery] = field(default_factory=list)
    sent: int = 100

    async def receive(self) -> None:
        """Take one more message of one of three conversations."""
        self.sent += 1
        self.kept.append(delivery(self.sent, account=ACCOUNT, conversation=self.sent % 3 + 1))
        await self.replay()

    async def replay(self) -> None:
        while self.kept:
            try:
                await Mailbox(self.shards[self.place]).admit(self.kept[0], priority=5)
            except AccountMoved:
                return
            self.kept.pop(0)


async def work(connection: Connection, answered: Counter[int]) -> None:
    """Answer all that may be answered on one shard, as a worker does."""
    queue, conversations = Queue(connection, "w", lease=5), Conversations(connection)
    while jobs := (await queue.claim(9)).jobs:
        for job in jobs:
            conv = job.job.removeprefix("turn:").rpartition(":")[0]
            if start := await conversations.begin(conv, job.job, "w"):
                messages = [one.message.id for one in start.deliveries]
                decision = Decision(turn=job.job, answered=messages, actions=(), exchanges=())
                await conversations.commit(start.lease, start.sequence, decision, NO_CONTEXT)
                answered.update(messages)
                await conversations.finish(start.lease)
            await queue.retire(job.job)


@dataclass(slots=True)
class Installation:
    """Two Redis with the proxies before them, doors and what was answered."""

    doors: Doors
    cuts: tuple[Cut, Cut]
    answered: Counter[int] = field(default_factory=Counter)

    def allow(self, requests: int | None) -> None:
        for cut in self.cuts:
            cut.left, cut.passed = requests, 0

    @property
    def passed(self) -> int:
        return sum(cut.passed for cut in self.cuts)

    async def run(self, *, abort: bool = False) -> None:
        """Run the command once, on connections of its own, with doors and workers at work beside it."""
        source, target = (connect(f"unix://{cut.path}", timeout=1.0, retries=0) for cut in self.cuts)
        move = Move(ACCOUNT, ("a", source), ("b", target))

        async def switch() -> None:
            await self.doors.receive()
            self.doors.place = "b"
            await self.doors.receive()

        try:
            if abort:
                await take_back(move, self.doors.place)
            else:
                await carry_out(move, self.doors.place, switch, patience=5.0)
        finally:
            await source.aclose()
            await target.aclose()

    async def go_on(self) -> None:
        await self.doors.receive()
        for connection in self.doors.shards.values():
            await work(connection, self.answered)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Installation]:
    async with AsyncExitStack() as stack:
        shards, cuts = {}, []
        for name in ("a", "b"):
            server = Embedded.start()
            stack.callback(server.stop)
            shards[name] = connect(server.url)
            stack.push_async_callback(shards[name].aclose)
            behind = server.url.removeprefix("unix://").partition("?")[0]
            cuts.append(await stack.enter_async_context(Cut(tmp_path / name, behind).listening()))
        yield Installation(Doors(shards), (cuts[0], cuts[1]))


async def begin(two: Installation) -> None:
    """Start anew with nothing kept but what waits, has been answered, and is due later."""
    for connection in two.doors.shards.values():
        await connection.flushall()
    two.doors.place, two.doors.kept, two.answered = "a", [], Counter()
    two.allow(None)
    for _ in range(3):
        await two.doors.receive()
    await work(two.doors.shards["a"], two.answered)
    for _ in range(4):
        await two.doors.receive()


async def check(two: Installation, first: int, place: str) -> None:
    """Each message since `first` was answered once, and the other shard has the account's mark alone."""
    await two.doors.replay()
    await two.go_on()
    assert not two.doors.kept
    assert two.answered == Counter(range(first, two.doors.sent + 1))
    other = two.doors.shards["b" if place == "a" else "a"]
    left = {key.decode() for key in await other.keys(f"*:{ACCOUNT}*")} - {"cw:audit"}
    assert left == {keys.moved(ACCOUNT)}
    assert await other.hgetall(keys.WAITING) == {}
    assert await two.doors.shards[place].get(keys.moved(ACCOUNT)) is None


async def test_cut_off_anywhere_the_same_command_comes_to_the_same_end(two: Installation) -> None:
    await begin(two)
    await two.run()
    requests = max(cut.passed for cut in two.cuts)
    cut_off = 0
    for number in range(1, requests, EVERY):
        await begin(two)
        first = two.doors.sent - 6
        two.allow(number)
        with suppress(StoreUnavailable):
            await two.run()
        cut_off += two.cuts[0].left == 0 or two.cuts[1].left == 0
        await two.go_on()
        two.allow(None)
        await two.run()
        await check(two, first, "b")
    assert cut_off > 3


async def test_cut_off_anywhere_before_the_switch_it_can_be_undone(two: Installation) -> None:
    number = 0
    while True:
        await begin(two)
        first = two.doors.sent - 6
        two.allow(number)
        with suppress(StoreUnavailable):
            await two.run()
        await two.go_on()
        two.allow(None)
        if two.doors.place == "b":
            with pytest.raises(CommandError, match="to its end"):
                await two.run(abort=True)
            return
        with suppress(CommandError):  # cut off before anything was done
            await two.run(abort=True)
        if await two.doors.shards["b"].get(keys.moved(ACCOUNT)) is None:
            await two.doors.shards["b"].set(keys.moved(ACCOUNT), "left a")
        await check(two, first, "a")
        number += EVERY

"""At the very bound of a full Redis: one write is refused, the next is taken, and no message gets past another."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import unpack_delivery
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.fullness import CODE
from chatwootai.stores.server.state import shard_state
from ingress.intake import DeliveryIntake
from ingress.journal.journal import Journal
from tests.builders import delivery


class OnceRefusing(Mailbox):
    """A mailbox on a real Redis that is full for the first try of one message."""

    def __init__(self, connection: Connection, message: int) -> None:
        super().__init__(connection)
        self._message: int | None = message

    async def admit(self, delivery: Delivery, *, priority: int) -> Admission:
        if delivery.message.id == self._message:
            self._message = None
            raise StoreUnavailable(CODE, "command not allowed when used memory > 'maxmemory'")
        return await super().admit(delivery, priority=priority)


@pytest.fixture
async def intake(redis: Connection, tmp_path: Path) -> AsyncIterator[DeliveryIntake]:
    journal = Journal(tmp_path)
    await journal.open()
    yield DeliveryIntake(redis, journal)
    await journal.close()


@pytest.fixture
def full() -> Iterator[None]:
    shard_state().fullness.note_refusal(CODE)
    yield
    shard_state().fullness.full = False


async def waiting(redis: Connection, conversation: int = 25) -> list[int]:
    box = await redis.zrange(keys.box(keys.conv("1", conversation)), 0, -1)
    return [unpack_delivery(entry).message.id for entry in box]


async def test_no_message_gets_past_one_that_was_refused(redis: Connection, intake: DeliveryIntake) -> None:
    intake.away = True
    for message, conversation in ((7, 25), (8, 25), (9, 26)):
        await intake.admit(delivery(message, conversation=conversation), 5)
    intake.unbounded = OnceRefusing(redis, 7)
    with pytest.raises(StoreUnavailable):
        await intake._drain()
    assert (await waiting(redis), await waiting(redis, 26)) == ([], [9])  # another conversation waits for nobody
    await intake._drain()
    assert (await waiting(redis), intake.journal.records) == ([7, 8], 0)


@pytest.mark.usefixtures("full")
async def test_until_redis_has_had_room_for_a_while_what_comes_is_journaled(
    redis: Connection, intake: DeliveryIntake
) -> None:
    intake.away = True
    await intake.admit(delivery(7), 5)
    await intake._drain()
    assert (await waiting(redis), intake.journal.records, intake.away) == ([7], 0, True)
    await intake.admit(delivery(8), 5)
    assert (await waiting(redis), intake.journal.records) == ([7], 1)
    shard_state().fullness._refused -= 60  # nothing was refused for a minute
    await intake._drain()
    assert (await waiting(redis), intake.away) == ([7, 8], False)


async def test_what_another_door_has_is_stored_before_what_this_one_admitted(
    redis: Connection, intake: DeliveryIntake, tmp_path: Path
) -> None:
    """One door's message is refused, another's later one is taken, and then there is no room for anybody."""
    journal = Journal(tmp_path / "other")
    await journal.open()
    other = DeliveryIntake(redis, journal)
    await intake.admit(delivery(1, conversation=99), 5)  # scripts are known
    room = (await redis.info("memory"))["used_memory"]
    try:
        await redis.config_set("maxmemory", 1)
        await intake.admit(delivery(7), 5)
        await intake.admit(delivery(3, conversation=26), 5)
        assert intake.journal.records == 2
        await redis.config_set("maxmemory", room + 10_000_000)
        await other.admit(delivery(8), 5)
        await redis.config_set("maxmemory", 1)
        running = asyncio.create_task(intake.run())
        async with asyncio.timeout(20):
            while await waiting(redis) != [7, 8]:  # noqa: ASYNC110 - a door calls nobody
                await asyncio.sleep(0.02)
        assert await waiting(redis, 26) == []  # nothing later waits: it has no claim to room
    finally:
        await redis.config_set("maxmemory", 0)
    async with asyncio.timeout(20):
        while intake.journal.records:  # noqa: ASYNC110 - a door calls nobody
            await asyncio.sleep(0.02)
    intake.close()
    await running
    assert (await waiting(redis), await waiting(redis, 26)) == ([7, 8], [3])
    shard_state().fullness.full = False
    await journal.close()

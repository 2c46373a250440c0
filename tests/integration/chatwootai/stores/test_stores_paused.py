"""A paused account: what comes waits, others notice nothing, and what waited runs when the pause is over."""

import asyncio
import time

import pytest

from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.jobs.sweeper import Sweeper
from chatwootai.stores.operators.pauses import LONGEST_SECONDS, Pauses
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery

SOON = 0.4


async def claimed(redis: Connection, *, lease: float = 60.0) -> list[str]:
    return [one.job for one in (await Queue(redis, "w1", lease=lease).claim(5)).jobs]


async def test_messages_are_taken_and_wait_while_others_are_served(redis: Connection) -> None:
    box, pauses = Mailbox(redis), Pauses(redis)
    await pauses.pause("1", time.time() + 60, who="ana", why="new prices")
    assert await box.admit(delivery(7), priority=5) is Admission.ACCEPTED
    await box.admit(delivery(8, account="2"), priority=5)
    assert await claimed(redis) == ["turn:2:25:1"]
    assert await redis.zcard("cw:tenants:normal") == 0  # a worker does not look at it again and again
    assert [(one.account, one.who, one.why) for one in await pauses.all()] == [("1", "ana", "new prices")]
    assert await pauses.resume("1") is True
    assert await claimed(redis) == ["turn:1:25:1"]
    assert await pauses.all() == []
    assert await pauses.resume("1") is False


async def test_a_pause_ends_by_itself_and_wakes_a_worker(redis: Connection) -> None:
    await Pauses(redis).pause("1", time.time() + SOON, who="ana")
    await Mailbox(redis).admit(delivery(7), priority=5)
    assert await claimed(redis) == []
    await redis.delete("cw:wake")
    async with asyncio.timeout(10):
        while not await redis.llen("cw:wake"):
            await Sweeper(redis).sweep(every=0)
            await asyncio.sleep(0.02)
    assert await claimed(redis) == ["turn:1:25:1"]
    assert await redis.exists(keys.PAUSED, keys.PAUSED_ABOUT) == 0


async def test_what_was_put_off_and_is_due_in_a_pause_waits_for_its_end(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    (job,) = await claimed(redis, lease=0.05)
    await Pauses(redis).pause("1", time.time() + 60, who="ana")
    await asyncio.sleep(0.1)  # the lease ends: its worker is gone
    assert await claimed(redis) == []
    await Pauses(redis).resume("1")
    assert await claimed(redis) == [job]


async def test_the_end_of_a_pause_may_be_moved(redis: Connection) -> None:
    pauses = Pauses(redis)
    await pauses.pause("1", time.time() + 60, who="ana")
    later = (await pauses.pause("1", time.time() + 600, who="bia")).until
    assert [(one.until, one.who) for one in await pauses.all()] == [(later, "bia")]


@pytest.mark.parametrize("seconds", [-1.0, LONGEST_SECONDS + 3600])
async def test_a_pause_ends_in_the_future_and_within_a_week(redis: Connection, seconds: float) -> None:
    with pytest.raises(ValueError, match="seven days"):
        await Pauses(redis).pause("1", time.time() + seconds, who="ana")

"""The mark of an account that moves: its doors are refused, none of its turns starts, and others notice nothing."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatwootai.model.message.delivery import Change
from chatwootai.model.message.effects import (
    DeletedMessage,
    ObservedMessage,
    RequestedStatus,
    Signal,
    SignalKind,
)
from chatwootai.model.message.turn import NO_CONTEXT
from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.jobs.sweeper import Sweeper
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.errors import AccountMoved
from chatwootai.stores.server.state import shard_state
from tests.builders import delivery

MARK = keys.moved("1")
LEASE = 0.1
RESTS = {"idle": "close", "blob": "x", "account": "1", "lane": "normal", "boost": "0", "keep": "1000"}
Write = Callable[[Mailbox], Awaitable[object]]
WISH = ObservedMessage(
    account="1", conversation=25, inbox=17, message=8, role="teammate", text="", at=1.0, wish=RequestedStatus.OPEN
)
WRITES: dict[str, Write] = {
    "a message": lambda box: box.admit(delivery(9), priority=5),
    "a change": lambda box: box.admit(delivery(7, "ola", change=Change.EDIT), priority=5),
    "one before": lambda box: box.admit_before(delivery(6), priority=5),
    "a wish": lambda box: box.heard(WISH, NO_CONTEXT, priority=5),
    "a failure": lambda box: box.report("1", 25, 5, (), priority=5, now=1.0),
    "a signal": lambda box: box.signal(Signal(account="1", conversation=25, kind=SignalKind.RESOLVED, at=1.0)),
    "a removal": lambda box: box.withdraw(DeletedMessage(account="1", conversation=25, message=7, at=1.0)),
}


async def everything(redis: Connection) -> dict[bytes, bytes | None]:
    return {key: await redis.dump(key) for key in await redis.keys("*")}


@pytest.mark.parametrize("mark", ["left b", "arriving a"])
@pytest.mark.parametrize("write", WRITES)
async def test_a_door_writes_nothing_into_an_account_that_is_elsewhere(
    redis: Connection, mark: str, write: str
) -> None:
    box = Mailbox(redis)
    await box.admit(delivery(7), priority=5)
    await redis.set(MARK, mark)
    before = await everything(redis)
    with pytest.raises(AccountMoved) as refused:
        await WRITES[write](box)
    assert refused.value.mark == mark
    assert await everything(redis) == before
    assert not shard_state().outage.away


async def test_a_copy_that_is_whole_takes_messages_and_starts_no_turn(redis: Connection) -> None:
    await redis.set(MARK, "arrived a")
    box, queue = Mailbox(redis), Queue(redis, "w", lease=LEASE)
    assert await box.admit(delivery(7), priority=5) is Admission.ACCEPTED
    assert await box.admit(delivery(1, account="2"), priority=5) is Admission.ACCEPTED
    assert [job.job for job in (await queue.claim(9)).jobs] == ["turn:2:25:1"]
    assert (await queue.claim(9)).waiting == 0


async def test_a_run_that_was_lost_is_not_taken_up_and_may_write_no_more(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    await Queue(redis, "slept", lease=LEASE).claim(9)
    await redis.set(MARK, "left b")
    await asyncio.sleep(2 * LEASE)
    assert (await Queue(redis, "other", lease=LEASE).claim(9)).jobs == ()
    assert await redis.zrange(keys.LEASES, 0, -1) == []
    assert await redis.hgetall(keys.RUNNING) == {}
    assert await redis.hmget(keys.state("1:25"), "job", "tries", "fence") == [b"turn:1:25:1", b"1", b"1"]
    await redis.delete(MARK)
    await redis.zadd("cw:tenants:normal", {"1": 0})
    assert [job.job for job in (await Queue(redis, "other", lease=LEASE).claim(9)).jobs] == ["turn:1:25:1"]


async def test_the_sweeper_leaves_it_as_it_is(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    await Mailbox(redis).admit(delivery(7, account="2"), priority=5)
    await redis.zadd(keys.OPEN, {"1:25": 0, "2:25": 0})
    await redis.zadd(keys.TIMERS, {"1:26": 1})
    await redis.hset(keys.state("1:26"), mapping=RESTS)
    await redis.delete("arq:job:turn:1:25:1", "arq:job:turn:2:25:1")
    await redis.set(MARK, "left b")
    assert await Sweeper(redis).sweep(every=1) == ["2:25"]
    assert await redis.zscore(keys.TIMERS, "1:26") == 1
    await redis.delete(MARK)
    await redis.delete(keys.SWEEP)
    await redis.zadd(keys.OPEN, {"1:25": 0})
    assert await Sweeper(redis).sweep(every=1) == ["1:25"]
    assert await redis.hget(keys.state("1:26"), "job") == b"turn:1:26:1"

"""Who is next, under whose lease: the claim on a real Redis."""

import pytest

from chatwootai.model.message.priority import BOOST_PER_STEP_MS
from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery


async def admit(redis: Connection, account: str, conversation: int, priority: int = 5) -> None:
    one = delivery(1, account=account, conversation=conversation)
    await Mailbox(redis).admit(one, priority=priority)


async def claimed(queue: Queue, free: int, high: int = 0) -> list[str]:
    """The conversations of the jobs claimed, in order."""
    jobs = (await queue.claim(free, high)).jobs
    return [job.job.removeprefix("turn:").rpartition(":")[0] for job in jobs]


@pytest.fixture
def queue(redis: Connection) -> Queue:
    return Queue(redis, "w1", lease=5)


async def test_first_come_first_served_within_a_tenant_and_a_priority(redis: Connection, queue: Queue) -> None:
    for conversation in (3, 1, 2):
        await admit(redis, "a", conversation)
    assert await claimed(queue, 10) == ["a:3", "a:1", "a:2"]


async def test_a_higher_priority_overtakes(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1, priority=3)
    await admit(redis, "a", 2, priority=9)
    assert await claimed(queue, 10) == ["a:2", "a:1"]


async def test_waiting_outweighs_priority_in_the_end(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1, priority=0)
    aged = -11 * BOOST_PER_STEP_MS
    await redis.zincrby("cw:ready:normal:a", aged, "turn:a:1:1")
    await admit(redis, "a", 2, priority=6)
    assert await claimed(queue, 10) == ["a:1", "a:2"]


async def test_a_tenant_that_floods_competes_with_itself_first(redis: Connection, queue: Queue) -> None:
    for conversation in range(20):
        await admit(redis, "flood", conversation, priority=6)
    await claimed(queue, 5)
    await admit(redis, "quiet", 1, priority=0)
    assert (await claimed(queue, 2))[0] == "quiet:1"


async def test_slots_are_shared_evenly_between_tenants_that_wait(redis: Connection, queue: Queue) -> None:
    for conversation in range(10):
        for account in ("a", "b", "c"):
            await admit(redis, account, conversation)
    took = [conv.partition(":")[0] for conv in await claimed(queue, 9)]
    assert sorted(took) == ["a"] * 3 + ["b"] * 3 + ["c"] * 3


async def test_a_flood_leaves_the_spare_slots_to_who_has_little_running(redis: Connection, queue: Queue) -> None:
    for conversation in range(20):
        await admit(redis, "flood", conversation)
    first = await queue.claim(10, spare=2)
    assert len(first.jobs) == 8
    assert first.waiting == 1
    assert (await queue.claim(2, spare=2)).jobs == ()
    await admit(redis, "quiet", 1, priority=0)
    assert [one.job for one in (await queue.claim(2, spare=2)).jobs] == ["turn:quiet:1:1"]


async def test_reserved_slots_are_for_the_high_lane_alone(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1, priority=5)
    await admit(redis, "a", 2, priority=8)
    assert await claimed(queue, 0, 2) == ["a:2"]
    assert await claimed(queue, 1, 2) == ["a:1"]


async def test_an_expired_lease_is_taken_over_and_told(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1)
    await claimed(queue, 1)
    other = Queue(redis, "w2", lease=5)
    assert (await other.claim(1)).jobs == ()
    await redis.zadd(keys.LEASES, {"turn:a:1:1": 1})
    jobs = (await other.claim(1)).jobs
    assert [(job.job, job.lost) for job in jobs] == [("turn:a:1:1", True)]
    assert await queue.renew(["turn:a:1:1"]) == ["turn:a:1:1"]
    assert await other.renew(["turn:a:1:1"]) == []
    assert await redis.hget(keys.RUNNING, "a") == b"1"  # type: ignore[misc]


async def test_a_released_job_is_whole_again_and_in_its_old_place(redis: Connection, queue: Queue) -> None:
    for conversation in (1, 2):
        await admit(redis, "a", conversation)
    jobs = (await queue.claim(1)).jobs
    await queue.release(jobs[0].job)
    assert await redis.hlen(keys.RUNNING) == 0  # type: ignore[misc]
    again = (await queue.claim(2)).jobs
    assert [(job.job, job.lost) for job in again] == [("turn:a:1:1", False), ("turn:a:2:1", False)]


async def test_nothing_of_a_retired_job_remains(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1)
    jobs = (await queue.claim(1)).jobs
    await queue.retire(jobs[0].job)
    left = {key.decode() for key in await redis.keys("*") if b"seen" not in key}
    known = {keys.box("a:1"), keys.state("a:1"), keys.life("a:1"), keys.OPEN, keys.WAITING, keys.WAKE}
    assert {each for each in left if not each.startswith(("cw:contact:", "cw:arrived"))} == known


async def test_a_worker_may_not_retire_or_release_what_it_lost(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1)
    await claimed(queue, 1)
    stranger = Queue(redis, "w2", lease=5)
    await stranger.retire("turn:a:1:1")
    await stranger.release("turn:a:1:1")
    assert await queue.renew(["turn:a:1:1"]) == []


async def test_a_job_that_arqs_own_worker_runs_is_left_to_it(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1)
    await redis.set("arq:in-progress:turn:a:1:1", b"1")
    assert await claimed(queue, 5) == []


async def test_admission_wakes_a_sleeper(redis: Connection, queue: Queue) -> None:
    await admit(redis, "a", 1)
    await queue.sleep(30)
    assert await redis.llen(keys.WAKE) == 0  # type: ignore[misc]

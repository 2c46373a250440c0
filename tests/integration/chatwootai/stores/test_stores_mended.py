"""What a death or a mishap at an awkward moment leaves behind, and how it is mended: on a real Redis."""

import pytest

from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import POST_SECONDS, Conversations
from chatwootai.stores.conversation.decision import Decision, Pending, Post, pending
from chatwootai.stores.conversation.lease import Stale
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.scripts import Runner
from tests.builders import delivery

CONV, JOB = "a:1", "turn:a:1:1"


async def admit(redis: Connection, conversation: int = 1, message: int = 1, priority: int = 5) -> None:
    one = delivery(message, account="a", conversation=conversation)
    await Mailbox(redis).admit(one, priority=priority)


async def sweep(redis: Connection) -> list[bytes]:
    mended: list[bytes] = await Runner(redis).run("repair", -1, 10)
    return mended


async def tries(redis: Connection) -> int:
    return int(await redis.hget(keys.state(CONV), "tries") or 0)  # type: ignore[misc, arg-type]


async def stock_takes(redis: Connection, job: str = JOB) -> None:
    """As arq.worker.Worker.start_jobs does; the key outlives a worker that dies by minutes."""
    await redis.set(f"arq:in-progress:{job}", b"1", px=130_000)


async def test_a_stock_worker_that_dies_before_it_begins_holds_nobody_up(redis: Connection) -> None:
    await admit(redis)
    await stock_takes(redis)
    assert await sweep(redis) == [CONV.encode()]
    jobs = (await Queue(redis, "w1", lease=5).claim(1, 0)).jobs
    assert [job.job for job in jobs] == ["turn:a:1:2"]
    assert await tries(redis) == 0, "nothing was tried"


async def test_a_stock_worker_that_dies_in_a_turn_costs_a_try(redis: Connection) -> None:
    await admit(redis)
    await stock_takes(redis)
    assert await Conversations(redis).begin(CONV, JOB, "stock")
    assert await sweep(redis) == [CONV.encode()]
    assert await tries(redis) == 1


async def test_a_stock_worker_that_lives_is_left_alone(redis: Connection) -> None:
    await admit(redis)
    await stock_takes(redis)
    assert await Conversations(redis).begin(CONV, JOB, "stock")
    await redis.set(keys.worker("stock"), b"1")
    assert await sweep(redis) == []


async def test_a_job_that_a_stopped_stock_worker_gave_back_runs_on_ours_too(redis: Connection) -> None:
    await admit(redis)
    await stock_takes(redis)
    queue = Queue(redis, "w1", lease=5)
    assert not (await queue.claim(1, 0)).jobs, "it is the stock worker's"
    await redis.delete(f"arq:in-progress:{JOB}")
    assert await sweep(redis) == [CONV.encode()]
    assert len((await queue.claim(1, 0)).jobs) == 1


async def test_a_stock_worker_leaves_no_jobs_in_our_lanes(redis: Connection) -> None:
    await admit(redis)
    await stock_takes(redis)
    begun = await Conversations(redis).begin(CONV, JOB, "stock")
    assert begun
    await redis.delete(keys.box(CONV))
    assert await Conversations(redis).finish(begun.lease) is False
    left = {key.decode() for key in await redis.keys("cw:*")}
    assert not {key for key in left if key.startswith(("cw:ready", "cw:tenants", "cw:job"))}


async def test_who_slept_past_its_lease_does_not_disturb_who_has_the_job_now(redis: Connection) -> None:
    await admit(redis)
    await Queue(redis, "slept", lease=5).claim(1, 0)
    await redis.zadd(keys.LEASES, {JOB: 1})
    await Queue(redis, "w2", lease=5).claim(1, 0)
    conversations = Conversations(redis)
    begun = await conversations.begin(CONV, JOB, "w2", lost=True)
    assert begun
    assert await conversations.begin(CONV, JOB, "slept") is None
    assert (await conversations.read(begun.lease))[0] == 1


async def test_a_released_job_counts_its_tenant_down_in_both_lanes(redis: Connection) -> None:
    await admit(redis, 1)
    queue = Queue(redis, "w1", lease=5)
    jobs = (await queue.claim(1, 0)).jobs
    await admit(redis, 2, priority=8)
    await queue.release(jobs[0].job)
    for lane in ("high", "normal"):
        head = await redis.zrange(f"cw:ready:{lane}:a", 0, 0, withscores=True)
        assert await redis.zscore(f"cw:tenants:{lane}", "a") == head[0][1]


async def test_an_unreadable_entry_that_goes_leaves_no_count_behind(redis: Connection) -> None:
    await admit(redis)
    await redis.delete(keys.box(CONV))
    await redis.zadd(keys.box(CONV), {b"\xff": 1})
    await Queue(redis, "w1", lease=5).claim(1, 0)
    conversations = Conversations(redis)
    begun = await conversations.begin(CONV, JOB, "w1")
    assert begun
    await conversations.discard(begun.lease, begun.broken, name="broken", dead=b"{}")
    assert await redis.exists(keys.WAITING) == 0


async def test_a_job_released_after_its_last_word_is_done(redis: Connection) -> None:
    await admit(redis)
    queue, conversations = Queue(redis, "w1", lease=5), Conversations(redis)
    await queue.claim(1, 0)
    begun = await conversations.begin(CONV, JOB, "w1")
    assert begun
    await conversations.again(begun.lease, after=60, count=False)
    await queue.release(JOB)
    assert not (await queue.claim(5, 5)).jobs
    assert await redis.zrange(keys.QUEUE, 0, -1) == [b"turn:a:1:2"]


async def test_a_lease_of_which_redis_has_lost_the_rest_keeps_nobody_awake(redis: Connection) -> None:
    """As a Redis does that evicts what has a lifetime: claims would find it expired at once, again and again."""
    queue = Queue(redis, "w1", lease=5)
    await admit(redis)
    assert (await queue.claim(1, 0)).jobs
    await redis.delete(keys.job(JOB), f"arq:job:{JOB}")
    await redis.zadd(keys.LEASES, {JOB: 1})
    assert not (await queue.claim(1, 0)).jobs
    assert (await queue.claim(1, 0)).due is None
    assert [await redis.exists(key) for key in (keys.LEASES, keys.OWNERS, keys.RUNNING)] == [0, 0, 0]
    assert await sweep(redis) == [CONV.encode()]
    assert (await queue.claim(1, 0)).jobs


async def test_a_full_redis_is_one_that_is_away(redis: Connection) -> None:
    """Otherwise the door would refuse what its journal could take, and a worker would end."""
    await redis.config_set("maxmemory", "100kb")
    try:
        with pytest.raises(StoreUnavailable):
            await admit(redis)
    finally:
        await redis.config_set("maxmemory", "0")
    await admit(redis)
    assert (await Queue(redis, "w1", lease=5).claim(1, 0)).jobs


async def outbox(redis: Connection, queue: Queue) -> tuple[TurnStart, Pending]:
    """A turn that has decided, and what it is to post."""
    await admit(redis)
    await queue.claim(1, 0)
    conversations = Conversations(redis)
    begun = await conversations.begin(CONV, JOB, queue.worker)
    assert begun
    action = Action(kind=ActionKind.REPLY, turn="t", part=1, text="x")
    decision = Decision(turn="t", answered=[1], actions=[action], exchanges=[])
    await conversations.commit(begun.lease, 1, decision, ContextLimits(1, 1000))
    return begun, pending(action)


async def test_who_may_post_has_the_job_until_it_can_have_begun_to(redis: Connection) -> None:
    begun, first = await outbox(redis, Queue(redis, "w1", lease=5))
    await redis.zadd(keys.LEASES, {JOB: 1})
    assert await Conversations(redis).post(begun.lease, first) is Post.GO
    assert not (await Queue(redis, "w2", lease=5).claim(1, 0)).jobs
    expiry = await redis.zscore(keys.LEASES, JOB)
    now = (await redis.time())[0]
    assert expiry / 1000 >= now + POST_SECONDS - 1


async def test_who_has_lost_the_job_may_not_post_though_nobody_has_begun_it_again(redis: Connection) -> None:
    begun, first = await outbox(redis, Queue(redis, "w1", lease=5))
    await redis.zadd(keys.LEASES, {JOB: 1})
    assert (await Queue(redis, "w2", lease=5).claim(1, 0)).jobs
    with pytest.raises(Stale):
        await Conversations(redis).post(begun.lease, first)

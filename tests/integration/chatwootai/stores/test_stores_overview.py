"""The whole queue in a few numbers: what doors tell their metrics of it."""

from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.operators.overview import overview
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.server_check import tell_footing
from chatwootai.telemetry import metrics
from tests import builders


async def test_an_empty_queue_has_no_wait_and_nobody_listening(redis: Connection) -> None:
    found = await overview(redis)
    assert (found.oldest_high, found.oldest_normal) == (0, 0)
    assert (found.dead_letters, found.workers, found.tokens_refused) == (0, 0, 0)


async def test_the_wait_is_that_of_the_oldest_in_each_lane_whatever_its_priority(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    for conversation, priority in ((1, 0), (2, 5), (3, 9)):
        await mailbox.admit(builders.delivery(conversation, conversation=conversation), priority=priority)
    jobs = await redis.zrange(keys.ready("normal", "1"), 0, -1)
    assert len(jobs) == 2
    # Behind one of higher priority, and admitted a minute before it.
    await redis.zincrby(keys.ready("normal", "1"), -60_000, jobs[-1])
    found = await overview(redis)
    assert 60 <= found.oldest_normal < 65
    assert 0 <= found.oldest_high < 5
    await Queue(redis, "w", lease=5.0).claim(10)
    assert await overview(redis) == type(found)(0, 0, 0, 0, 0)


async def test_many_accounts_are_looked_at_each_a_little(redis: Connection) -> None:
    mailbox = Mailbox(redis)
    for account in range(600):
        await mailbox.admit(builders.delivery(1, account=str(account)), priority=0)
    assert (await overview(redis)).oldest_normal < 60


async def test_letters_tokens_and_listeners_are_counted(redis: Connection) -> None:
    await redis.zadd(keys.DEAD, {"a": 1, "b": 2})
    await redis.sadd(keys.REFUSED, "1:bot")  # type: ignore[misc]
    async with redis.pubsub() as listener:
        await listener.subscribe(keys.signals("w1"))
        await listener.get_message(timeout=5)
        found = await overview(redis)
    assert (found.dead_letters, found.workers, found.tokens_refused) == (2, 1, 1)


async def test_the_footing_is_told_with_policy_and_append_only_file(redis: Connection) -> None:
    await tell_footing(redis)
    (sample,) = [one for each in metrics.REDIS_FOOTING.collect() for one in each.samples if one.value == 1]
    assert (sample.labels["policy"], sample.labels["aof"]) == ("noeviction", "yes")

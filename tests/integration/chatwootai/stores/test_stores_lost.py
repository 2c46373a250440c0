"""Runs that are lost: what counts as lost at a conversation's words, and what is never read again."""

import pytest

from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.lease import Stale
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import Connection
from tests.builders import delivery
from tests.integration.chatwootai.stores.test_stores_conversations import CONV, commit


async def first_run(redis: Connection) -> TurnStart:
    await Mailbox(redis).admit(delivery(7), priority=5)
    job = (await Queue(redis, "w1", lease=5).claim(1)).jobs[0].job
    begun = await Conversations(redis).begin(CONV, job, "w1")
    assert begun is not None
    return begun


async def next_run(redis: Connection, before: TurnStart, *, lost: bool = True) -> TurnStart:
    begun = await Conversations(redis).begin(CONV, before.lease.job, "w1", lost=lost)
    assert begun is not None
    return begun


async def lost_at_the_words(redis: Connection, before: TurnStart) -> TurnStart:
    await Conversations(redis).reading(before.lease, begins=True)
    return await next_run(redis, before)


async def test_a_second_loss_at_the_words_is_the_last(redis: Connection) -> None:
    second = await next_run(redis, await first_run(redis))
    assert (second.lost, second.unread) == (1, False)
    third = await lost_at_the_words(redis, second)
    assert (third.lost, third.unread) == (2, True)
    fourth = await next_run(redis, third)  # lost while it handed over
    assert fourth.unread
    assert (await next_run(redis, fourth, lost=False)).unread


async def test_losses_elsewhere_are_tries_as_ever(redis: Connection) -> None:
    begun = await first_run(redis)
    for number in range(1, 4):
        begun = await next_run(redis, begun)
        assert (begun.lost, begun.tries, begun.unread) == (number, number, False)
        await Conversations(redis).reading(begun.lease, begins=True)
        await Conversations(redis).reading(begun.lease, begins=False)


async def test_a_first_loss_is_anybodys(redis: Connection) -> None:
    assert not (await lost_at_the_words(redis, await first_run(redis))).unread


async def test_a_job_given_back_was_not_lost(redis: Connection) -> None:
    second = await next_run(redis, await first_run(redis))
    await Conversations(redis).reading(second.lease, begins=True)
    await Queue(redis, "w1", lease=5).release(second.lease.job)
    assert (await Queue(redis, "w1", lease=5).claim(1)).jobs
    assert not (await next_run(redis, second)).unread


async def test_a_turn_that_failed_was_not_lost(redis: Connection) -> None:
    second = await next_run(redis, await first_run(redis))
    conversations = Conversations(redis)
    await conversations.reading(second.lease, begins=True)
    await conversations.again(second.lease, after=0)
    job = (await Queue(redis, "w1", lease=5).claim(1)).jobs[0].job
    begun = await conversations.begin(CONV, job, "w1", lost=True)
    assert begun is not None
    assert not begun.unread


async def test_a_commit_begins_anew(redis: Connection) -> None:
    third = await lost_at_the_words(redis, await next_run(redis, await first_run(redis)))
    await commit(redis, third)
    await Conversations(redis).finish(third.lease)
    await Mailbox(redis).admit(delivery(8), priority=5)
    job = (await Queue(redis, "w1", lease=5).claim(1)).jobs[0].job
    begun = await Conversations(redis).begin(CONV, job, "w1")
    assert begun is not None
    assert (begun.lost, begun.unread) == (0, False)


async def test_whoever_has_lost_the_conversation_marks_nothing(redis: Connection) -> None:
    first = await first_run(redis)
    await next_run(redis, first)
    with pytest.raises(Stale):
        await Conversations(redis).reading(first.lease, begins=True)

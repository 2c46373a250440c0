"""A Redis that is full to its last byte: what empties a mailbox runs there, and afterwards it takes messages again."""

from collections.abc import Iterator
from contextlib import aclosing, suppress
from dataclasses import replace

import pytest
from redis.exceptions import OutOfMemoryError

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Commit, Decision, pending
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.jobs.sweeper import Sweeper
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.examination import probe
from chatwootai.stores.space.memory import MemoryWatch
from chatwootai.stores.space.shedding import Shedding
from tests.builders import delivery

_WORDS = "Onde fica a loja, e até que horas está aberta hoje? " * 4
_WORKER = "w1"


@pytest.fixture
def server() -> Iterator[Embedded]:
    """One of its own: its memory is the test's alone."""
    with Embedded.start() as server:
        yield server


async def admit(redis: Connection, number: int) -> None:
    one = delivery(number, _WORDS, delivery_id=f"{number:036d}")
    await Mailbox(redis).admit(replace(one, conversation=number), priority=5)


async def answer(redis: Connection, job: str) -> None:
    """All that a worker does with a job, from its first word to its last."""
    conversations, conv = Conversations(redis), job.removeprefix("turn:").rpartition(":")[0]
    begun = await conversations.begin(conv, job, _WORKER)
    assert begun is not None
    action = Action(kind=ActionKind.REPLY, turn=f"t-{conv}", part=1, text="Na praça da Sé, até as 18 horas.")
    said = [Exchange(Role.CONTACT, one.message.text, one.message.at) for one in begun.deliveries]
    decision = Decision(
        turn=action.turn, answered=[one.message.id for one in begun.deliveries], actions=(action,), exchanges=said
    )
    done = await conversations.commit(begun.lease, begun.sequence, decision, ContextLimits(24, 86_400_000))
    assert done is Commit.COMMITTED
    await conversations.post(begun.lease, pending(action))
    await conversations.sent(begun.lease, pending(action))
    await conversations.finish(begun.lease)


async def drain(redis: Connection) -> int:
    """As a worker works; how many turns that were."""
    queue, memory, turns = Queue(redis, _WORKER, lease=5), MemoryWatch(redis), 0
    while True:
        await memory.look()
        await queue.heartbeat(ttl=15)
        jobs = (await queue.claim(20)).jobs
        assert await queue.renew([one.job for one in jobs]) == []
        for one in jobs:
            await answer(redis, one.job)
            await queue.retire(one.job)
        turns += len(jobs)
        await Sweeper(redis).sweep(every=0.001)
        await queue.requeue_wakeup()
        if not jobs:
            return turns


async def fill(redis: Connection, first: int) -> int:
    """Admit messages until nothing more is taken; the number of the last that was taken.

    A message may be refused for what it brings along itself: then somebody else's few bytes fill what is left.
    """
    last = first - 1
    with pytest.raises(StoreUnavailable, match="OOM"):  # noqa: PT012 - whichever of them it is
        while True:
            await admit(redis, last + 1)
            last += 1
    while await taken(redis):
        with suppress(OutOfMemoryError):
            await redis.rpush("others", "x")  # type: ignore[misc]
    return last


async def taken(redis: Connection) -> bool:
    """Whether a write is."""
    try:
        await probe(redis)
    except StoreUnavailable:
        return False
    return True


async def test_it_is_emptied_and_takes_messages_again(server: Embedded) -> None:
    async with aclosing(connect(server.url)) as redis:
        await admit(redis, 1)
        assert await drain(redis) == 1  # scripts are known now, as in a Redis that was not full from the first
        await redis.config_set("maxmemory", (await redis.info("memory"))["used_memory"] + 2_000_000)
        await CompletionStore(redis).keep("1", "digest", "token", b"x" * 10_000, keep_ms=60_000)
        last = await fill(redis, 2)
        assert last > 300
        assert await drain(redis) >= last - 1
        assert await redis.hlen(keys.WAITING) == 0  # type: ignore[misc]
        await probe(redis)
        assert (await CompletionStore(redis).stats())["entries"] == 0
        again = await fill(redis, last + 1) - last
        assert again > (last - 1) / 10, f"{last} messages filled it, and once answered there is room for {again}"
        assert await drain(redis) >= again


async def test_what_only_tells_people_is_not_kept_while_memory_is_short(redis: Connection) -> None:
    for full in (False, True):
        if full:
            await redis.set("cw:full", "1")
        await admit(redis, 7 + full)
        assert await drain(redis) == 1
        conv = keys.conv("1", 7 + full)
        kept = [await redis.exists(key) for key in (keys.life(conv), keys.kept(conv), keys.context(conv))]
        assert kept == ([0, 0, 1] if full else [1, 1, 1])


async def test_who_may_not_ask_is_full_once_it_is_told_so(redis: Connection, redis_server: Embedded) -> None:
    await redis.execute_command("ACL", "SETUSER", "narrow", "on", ">x", "~cw:*", "~arq:*", "&cw:*", "+@all", "-info")
    path = redis_server.url.removeprefix("unix://").partition("?")[0]
    narrow = connect(f"unix://narrow:x@{path}?db=0")
    assert not await MemoryWatch(narrow).look()
    await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnavailable):
            await probe(narrow)
        assert await MemoryWatch(narrow).look()
        assert await redis.exists("cw:full")
    finally:
        await redis.config_set("maxmemory", 0)
        await redis.execute_command("ACL", "DELUSER", "narrow")
        await probe(redis)
        await narrow.aclose()


async def test_what_only_tells_people_goes_first_then_words_of_conversations_that_rest(redis: Connection) -> None:
    async def never() -> bool:
        return False

    aside = [keys.life("1:1"), keys.kept("1:1"), keys.turn("t")]
    words = [keys.context(keys.conv("1", number)) for number in range(1, 5)]
    for number, name in enumerate([*aside, *words]):
        await redis.set(name, "x", ex=1000 + number)
    await redis.zadd(keys.OPEN, {"1:1": 1})  # the first to end, and at work
    needed = [keys.state("1:1"), keys.box("1:1"), keys.seen_message("1:1", 7)]
    for name in needed:
        await redis.set(name, "x")
    assert await Shedding(redis).shed(never, contexts=False) == len(aside)
    assert await redis.exists(*words, *needed) == len(words) + len(needed)
    assert await Shedding(redis).shed(never, contexts=True) == 2
    assert [await redis.exists(name) for name in words] == [1, 0, 0, 1]
    assert await redis.exists(*needed) == len(needed)


async def test_no_more_goes_than_makes_room(redis: Connection) -> None:
    async def at_once() -> bool:
        return True

    for number in range(3000):
        await redis.set(keys.life(f"1:{number}"), "x")
    shedding, gone = Shedding(redis), [0]
    while sum(gone) < 3000:  # each goes on where the one before has ended
        gone.append(await shedding.shed(at_once, contexts=True))
        assert 0 < gone[-1] < 3000

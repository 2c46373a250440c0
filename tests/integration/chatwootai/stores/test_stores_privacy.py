"""The erasure of a contact in Redis: what was before goes for good, what comes after stays and is answered."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.privacy.append_only import rewrite_files
from chatwootai.stores.privacy.erasure import Erasure, StillRuns
from chatwootai.stores.privacy.holdings import Holdings
from chatwootai.stores.privacy.requests import ErasureRequests
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.stores.server.examination import RULE
from tests.builders import delivery

HER = 930_001


def written(message: int, *, contact: int = HER, conversation: int = 25, at: float = 1.0) -> Delivery:
    return delivery(message, f"words {message}", at=at, contact=contact, conversation=conversation)


async def admit(redis: Connection, *several: Delivery) -> list[Admission]:
    return [await Mailbox(redis).admit(one, priority=5) for one in several]


async def noted(redis: Connection) -> Erasure:
    work = Erasure(redis, Subject("1", HER))
    await work.learn()
    await work.note()
    return work


async def test_what_was_written_before_goes_and_is_not_admitted_again(redis: Connection) -> None:
    await admit(redis, written(1), written(2, contact=7, conversation=26))
    work = await noted(redis)
    assert work.subject.conversations == {25}
    await work.bury()
    assert (await work.erase()).total() > 0
    left = await work.verify()
    assert (dict(left.holdings), left.mentions) == ({}, ())
    await work.close()
    assert await admit(redis, written(1), written(2)) == [Admission.DUPLICATE] * 2
    names = {raw.decode() for raw in await redis.keys("*")}
    assert not [name for name in names if ":25" in name or str(HER) in name]
    assert await redis.hget(keys.WAITING, "1") == b"1", "the neighbour's message waits"
    assert keys.box("1:26") in names


async def test_what_is_written_after_stays_with_the_job_that_answers_it(redis: Connection) -> None:
    await admit(redis, written(1))
    work = await noted(redis)
    await work.bury()
    await asyncio.sleep(0.01)  # the index tells the past from what comes by the millisecond
    later = time.time() + 60
    assert await admit(redis, written(2, at=later)) == [Admission.ACCEPTED]
    await work.erase()
    left = await work.verify()
    assert dict(left.holdings) == {}
    assert [score for _, score in await redis.zrange(keys.box("1:25"), 0, -1, withscores=True)] == [2.0]
    (job,) = (await Queue(redis, "w1", lease=30.0).claim(1)).jobs
    assert job.job.startswith("turn:1:25:")
    assert await redis.zrange(keys.contact("1", HER), 0, -1) == [b"25"], "and is known for the next time"


async def test_a_message_of_the_erasures_own_second_is_answered(redis: Connection) -> None:
    """Chatwoot tells whole seconds: what came after may look as if it had come before."""
    await admit(redis, written(1))
    work = await noted(redis)
    await work.bury()
    second = float(work.subject.at_ms // 1000)
    late = replace(written(2, at=second), received_at=work.subject.at_ms / 1000 + 0.2)
    assert await admit(redis, written(3, at=second - 1), late) == [Admission.DUPLICATE, Admission.ACCEPTED]
    await work.erase()
    assert dict((await work.verify()).holdings) == {}
    assert [score for _, score in await redis.zrange(keys.box("1:25"), 0, -1, withscores=True)] == [2.0]


async def test_a_turn_that_does_not_end_is_named_and_nothing_is_lost(redis: Connection) -> None:
    await admit(redis, written(1))
    queue = Queue(redis, "w1", lease=30.0)
    (job,) = (await queue.claim(1)).jobs
    work = await noted(redis)
    with pytest.raises(StillRuns, match="25"):
        await work.bury(patience=0.2)
    await queue.retire(job.job)
    await work.bury(patience=0.2)
    assert not await redis.exists(keys.box("1:25"), keys.state("1:25"))


async def test_a_stream_keeps_the_others_their_order_and_its_end(redis: Connection) -> None:
    await admit(redis, written(1))
    work = await noted(redis)
    for number in range(1200):
        of = "25" if number % 100 == 0 else str(number + 1000)
        await redis.xadd(keys.EVENTS_INFO, {"e": f'{{"account":"1","conversation":{of},"n":{number}}}'})
    await redis.pexpire(keys.EVENTS_INFO, 600_000)
    await work.bury()
    assert (await work.erase())["cw:events:info"] == 12
    rows = [fields[b"e"] for _, fields in await redis.xrange(keys.EVENTS_INFO)]
    assert len(rows) == 1188
    assert rows == sorted(rows, key=lambda row: int(row.rpartition(b":")[2].rstrip(b"}")))
    assert await redis.pttl(keys.EVENTS_INFO) > 0
    assert not await redis.exists(f"cw:copy:{keys.EVENTS_INFO}")


async def test_keys_of_many_others_are_passed_over(redis: Connection) -> None:
    for number in range(300):
        await redis.set(f"cw:seen:m:1:{number}:1", "1")
        await redis.set(f"cw:turn:{number:04x}", b'{"account":"1","conversation":%d}' % number)
    subject = Subject("1", HER, conversations={25})
    found = {one.key async for one in Holdings(redis).find(subject)}
    assert found == {"cw:seen:m:1:25:1", f"cw:turn:{25:04x}"}
    assert subject.turns == {f"{25:04x}"}


async def test_doors_are_asked_and_answer_once_each(redis: Connection) -> None:
    requests, subject = ErasureRequests(redis), Subject("1", HER, {25})
    await requests.ask(subject)
    assert await requests.pending("ingress a.1") == [subject]
    await requests.answer(subject, "ingress a.1", 2)
    assert (await requests.pending("ingress a.1"), await requests.pending("ingress b.2")) == ([], [subject])
    assert await requests.answers(subject) == {"ingress a.1": 2}
    await requests.close(subject)
    assert not await redis.exists(keys.ERASURES, keys.ERASURES_DONE)


@pytest.fixture
def own_server() -> Iterator[Embedded]:
    with Embedded.start() as server:
        yield server


async def test_redis_files_are_written_anew(own_server: Embedded) -> None:
    connection = connect(own_server.url, timeout=5.0)
    await connection.set("cw:box:x", "very private words")
    await connection.delete("cw:box:x")
    assert await rewrite_files(connection) == []
    bytes_kept = b"".join(path.read_bytes() for path in own_server.data.rglob("*") if path.is_file())
    assert b"very private" not in bytes_kept
    await connection.execute_command("ACL", "SETUSER", "narrow", "on", ">x", *RULE.split())
    narrow = connect(own_server.url.replace("unix://", "unix://narrow:x@"), timeout=5.0)
    (said,) = await rewrite_files(narrow)
    assert "BGREWRITEAOF" in said
    await narrow.aclose()
    await connection.aclose()

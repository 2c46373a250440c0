"""The exact cache between workers that share a Redis."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.telemetry.metrics import FAILED_OPEN
from crews.errors import ModelUnavailable
from crews.model_calls.call import BillingScope, CachePolicy, Call, Completion
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.cache import Cache, _digest
from crews.model_calls.wrappers.deadline import Deadline
from sandbox.llm.faults import Kind
from tests.stack_endpoint import Llm, call, sandbox_llm

KEEP = CachePolicy(seconds=60, stale_seconds=60, version="v")


@pytest.fixture
async def llm() -> AsyncIterator[Llm]:
    async with sandbox_llm(latency="fixed:300ms") as server:
        yield server


class Worker:
    def __init__(self, connection: Connection, **store: Any) -> None:
        self.wire = OpenAIClient()
        self.background = Background()
        self.store = CompletionStore(connection, **store)
        self.cache = Cache(self.wire, self.store, self.background)

    async def ask(self, call: Call) -> Completion:
        return await self.cache.complete(call)

    async def close(self) -> None:
        await self.background.settle()
        await self.wire.aclose()


@pytest.fixture
async def workers(redis: Connection) -> AsyncIterator[list[Worker]]:
    made = [Worker(redis) for _ in range(4)]
    yield made
    for worker in made:
        await worker.close()


def shared(llm: Llm, text: str = "Where is the shop?", **more: Any) -> Call:
    return call(llm.target(), text, **{"keep": KEEP, **more})


async def test_300_equal_questions_at_four_workers_are_one_call(workers: list[Worker], llm: Llm) -> None:
    answers = await asyncio.gather(*(workers[n % 4].ask(shared(llm)) for n in range(300)))
    assert llm.requests == 1
    assert len({answer.text for answer in answers}) == 1
    assert sorted(answer.usage.calls for answer in answers) == [0] * 299 + [1]
    assert {answer.served_by for answer in answers} == {"crew", "cache"}


async def test_another_tenant_asking_the_same_gets_its_own(workers: list[Worker], llm: Llm) -> None:
    one, other = BillingScope("one"), BillingScope("other")
    asked = (workers[n % 4].ask(shared(llm, payer=payer)) for n in range(40) for payer in (one, other))
    await asyncio.gather(*asked)
    assert llm.requests == 2


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.9},
        {"max_tokens": 61},
        {"keep": replace(KEEP, version="w")},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]},
        {"messages": [{"role": "user", "content": "Where is the shop? "}]},
    ],
)
def test_whatever_shapes_an_answer_shapes_its_key(change: dict[str, Any]) -> None:
    async def digest(**more: Any) -> str:
        async with sandbox_llm() as llm:
            one = replace(shared(llm), target=replace(llm.target(), endpoint=ENDPOINT), **more)
            assert one.keep is not None
            return _digest(one, one.keep)

    from crews.model_calls.call import Endpoint

    ENDPOINT = Endpoint("http://x.invalid/v1", "k")  # noqa: N806 - as the module's constant is called
    assert asyncio.run(digest()) != asyncio.run(digest(**change))
    assert asyncio.run(digest()) == asyncio.run(digest())


async def test_it_is_kept_and_given_again_without_cost(workers: list[Worker], llm: Llm) -> None:
    first = await workers[0].ask(shared(llm))
    await workers[0].background.settle()
    again = await workers[1].ask(shared(llm))
    assert (again.text, again.served_by, again.usage.calls, llm.requests) == (first.text, "cache", 0, 1)


async def test_a_stale_answer_serves_while_one_worker_makes_a_new_one(workers: list[Worker], llm: Llm) -> None:
    stale = CachePolicy(seconds=0.0, stale_seconds=60, version="v")
    await workers[0].ask(shared(llm, keep=stale))
    await workers[0].background.settle()
    await asyncio.sleep(0.01)  # older than nothing
    answers = await asyncio.gather(*(workers[n % 4].ask(shared(llm, keep=stale)) for n in range(40)))
    assert {answer.served_by for answer in answers} <= {"stale", "cache"}
    for worker in workers:
        await worker.background.settle()
    assert llm.requests == 2


async def test_where_a_worker_died_asking_the_others_go_on_within_seconds(workers: list[Worker], llm: Llm) -> None:
    one = shared(llm)
    dead = await workers[0].store.recall("tenant", _digest(one, KEEP), "dead", lease_ms=2000, fresh_ms=1)
    assert dead.state == "lead"
    answers = await asyncio.wait_for(asyncio.gather(*(workers[n % 4].ask(one) for n in range(100))), 30)
    assert (len(answers), llm.requests) == (100, 1)


async def test_where_the_first_gives_up_the_next_asks(workers: list[Worker], llm: Llm) -> None:
    first = asyncio.create_task(workers[0].ask(shared(llm)))
    await llm.server.stats.until("in_flight", 1, None)
    others = [asyncio.create_task(workers[0].ask(shared(llm))) for _ in range(20)]
    await asyncio.sleep(0)
    first.cancel()
    answers = await asyncio.wait_for(asyncio.gather(*others), 30)
    assert (len(answers), llm.requests) == (20, 2)


async def test_a_long_answer_keeps_its_lease(workers: list[Worker], llm: Llm) -> None:
    llm.fault(Kind.SLOW, next=1, seconds=2.7)
    await asyncio.gather(*(worker.ask(shared(llm)) for worker in workers))
    assert llm.requests == 1


async def test_a_failure_is_everyones_and_kept_for_nobody(workers: list[Worker], llm: Llm) -> None:
    llm.fault(Kind.SERVER_ERROR, next=1)
    failed = await asyncio.gather(*(workers[0].ask(shared(llm)) for _ in range(5)), return_exceptions=True)
    assert {type(each) for each in failed} == {ModelUnavailable}
    await workers[0].background.settle()
    assert (await workers[0].ask(shared(llm))).text
    assert llm.requests == 2


async def test_who_has_more_time_than_the_one_who_asked_asks_again(workers: list[Worker], llm: Llm) -> None:
    llm.fault(Kind.SERVER_ERROR, status=503, next=1)
    short, long = shared(llm, seconds=8), shared(llm, seconds=30)
    first, second = await asyncio.gather(workers[0].ask(short), workers[0].ask(long), return_exceptions=True)
    assert isinstance(first, ModelUnavailable)
    assert isinstance(second, Completion)
    assert llm.requests == 2


async def test_where_no_model_answers_one_that_was_too_old_serves(workers: list[Worker], llm: Llm) -> None:
    short = CachePolicy(seconds=0.01, stale_seconds=0.01, version="v")
    kept = await workers[0].ask(shared(llm, keep=short))
    await workers[0].background.settle()
    await asyncio.sleep(0.05)
    llm.fault(Kind.SERVER_ERROR, status=503, next=1)
    old = await workers[1].ask(shared(llm, keep=short))
    assert (old.text, old.served_by, old.usage.calls) == (kept.text, "stale", 0)
    llm.fault(Kind.STALL, next=1)
    assert (await workers[2].ask(shared(llm, keep=short, seconds=1))).served_by == "stale"
    new = await workers[3].ask(shared(llm, keep=short))
    assert (new.served_by, llm.requests) == ("crew", 4)


async def test_who_waits_for_another_worker_gets_the_old_answer_before_its_own_deadline(
    workers: list[Worker], llm: Llm
) -> None:
    short = CachePolicy(seconds=0.01, stale_seconds=0.01, version="v")
    kept = await workers[0].ask(shared(llm, keep=short))
    await workers[0].background.settle()
    await asyncio.sleep(0.05)
    llm.fault(Kind.STALL, share=1.0)
    asking = asyncio.create_task(workers[1].ask(shared(llm, keep=short, seconds=60)))
    await llm.server.stats.until("in_flight", None, 1)
    old = await Deadline(workers[2].cache).complete(shared(llm, keep=short, seconds=3))
    assert (old.text, old.served_by, llm.requests) == (kept.text, "stale", 2)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_what_is_cut_or_has_a_tools_result_is_not_kept(workers: list[Worker], llm: Llm) -> None:
    tool = {"role": "tool", "tool_call_id": "1", "content": "42"}
    for _ in range(2):
        assert (await workers[0].ask(shared(llm, max_tokens=1))).finish == "length"
        await workers[0].ask(replace(shared(llm), messages=[{"role": "user", "content": "x"}, tool]))
        await workers[0].background.settle()
    assert llm.requests == 4


async def test_its_bytes_are_bounded_and_the_least_used_leave(redis: Connection) -> None:
    store = CompletionStore(redis, most_bytes=10_000)
    for number in range(60):
        await store.keep("t", f"d{number}", "token", b"x" * 700, keep_ms=60_000)
        await store.recall("t", "d0", "token", lease_ms=1, fresh_ms=60_000)  # always in use
    stats = await store.stats()
    assert (stats["entries"], stats["bytes"], stats["evicted"]) == (10, 10_000, 50)
    assert (await store.recall("t", "d0", "token", lease_ms=1, fresh_ms=60_000)).state == "hit"
    assert (await store.recall("t", "d1", "token", lease_ms=1, fresh_ms=60_000)).state == "lead"


async def test_what_ended_by_itself_gives_its_room_back(redis: Connection) -> None:
    store = CompletionStore(redis)
    await store.keep("t", "short", "token", b"x" * 700, keep_ms=1)
    while await redis.exists("cw:done:t:short"):  # noqa: ASYNC110 - Redis tells nobody
        await asyncio.sleep(0.002)
    await store.keep("t", "long", "token", b"y", keep_ms=60_000)
    assert ((await store.stats())["entries"], (await store.stats())["bytes"]) == (1, 301)


async def test_purging_one_tenant_leaves_the_others(redis: Connection) -> None:
    store = CompletionStore(redis)
    for tenant in ("a", "a:b", "*"):
        for number in range(3):
            await store.keep(tenant, f"d{number}", "token", b"x", keep_ms=60_000)
    assert await store.purge("a") == 3
    assert (await store.stats())["entries"] == 6
    assert await store.purge() == 6
    assert ((await store.stats())["entries"], (await store.stats())["bytes"]) == (0, 0)


async def test_a_damaged_answer_is_made_anew(workers: list[Worker], llm: Llm) -> None:
    one = shared(llm)
    await workers[0].store.keep("tenant", _digest(one, KEEP), "t", b"\x00broken", keep_ms=60_000)
    assert (await workers[0].ask(one)).text
    assert llm.requests == 1


async def test_without_redis_everyone_asks_and_it_is_counted(llm: Llm) -> None:
    connection = connect("unix:///nowhere/redis.sock")
    worker, before = Worker(connection), FAILED_OPEN.labels("cache")._value.get()
    assert (await worker.ask(shared(llm))).text
    assert FAILED_OPEN.labels("cache")._value.get() > before
    await worker.close()
    await connection.aclose()

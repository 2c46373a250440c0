"""A key's minute, shared by many workers, against an endpoint that counts for itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from chatwootai.stores.models.limits import LimitStore
from chatwootai.stores.server.connection import Connection, connect
from crews.errors import ModelUnavailable
from crews.model_calls.call import BillingScope, Completion
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.limiter import Limiter
from sandbox.llm.faults import Kind
from tests.stack_endpoint import call, sandbox_llm


@asynccontextmanager
async def worker(redis_url: str, name: str) -> AsyncIterator[Limiter]:
    connection, wire = connect(redis_url), OpenAIClient()
    background = Background()
    limiter = Limiter(wire, LimitStore(connection, name), background)
    wire.meter = limiter
    try:
        yield limiter
    finally:
        await background.settle()
        await wire.aclose()
        await connection.aclose()


@contextmanager
def timed() -> Iterator[list[float]]:
    took = [time.monotonic()]
    yield took
    took[0] = time.monotonic() - took[0]


async def test_twenty_workers_never_go_over_a_keys_requests(redis_url: str) -> None:
    async with sandbox_llm(requests_per_minute=300) as llm:
        target = llm.target(requests_per_minute=300)

        async def work(number: int) -> list[Completion]:
            async with worker(redis_url, f"w{number}") as limiter:
                asked = (limiter.complete(call(target, f"Question {number}.{n}?", seconds=30)) for n in range(14))
                return await asyncio.gather(*asked)

        with timed() as took:
            answers = await asyncio.gather(*(work(number) for number in range(20)))
        assert sum(len(each) for each in answers) == 280
        assert (llm.server.limits.refused, llm.requests) == (0, 280)
        assert took[0] > 1  # the last ten had to wait for it


async def test_twenty_workers_never_go_over_a_keys_tokens(redis_url: str) -> None:
    async with sandbox_llm(tokens_per_minute=30_000) as llm:
        target = llm.target(tokens_per_minute=30_000)

        async def work(number: int) -> list[Completion | BaseException]:
            async with worker(redis_url, f"w{number}") as limiter:
                asked = (
                    limiter.complete(call(target, f"Question {number}.{n}? " * 20, seconds=6, max_tokens=100))
                    for n in range(10)
                )
                return await asyncio.gather(*asked, return_exceptions=True)

        answers = [answer for each in await asyncio.gather(*map(work, range(20))) for answer in each]
        assert llm.server.limits.refused == 0
        answered = sum(isinstance(answer, Completion) for answer in answers)
        assert answered >= 90
        assert {type(answer) for answer in answers} == {Completion, ModelUnavailable}


async def test_the_more_urgent_goes_first_though_it_came_later(redis_url: str) -> None:
    async with sandbox_llm(requests_per_minute=60) as llm, worker(redis_url, "one") as one, worker(redis_url, "b") as b:
        target = llm.target(requests_per_minute=60)
        await asyncio.gather(*(one.complete(call(target)) for _ in range(54)))  # what may go at once
        order: list[int] = []

        async def ask(limiter: Limiter, priority: int) -> None:
            await limiter.complete(call(target, payer=BillingScope("t", priority=priority), seconds=30))
            order.append(priority)

        waiting = [asyncio.create_task(ask(one, priority)) for priority in (1, 2)]
        await asyncio.sleep(0)
        waiting += [asyncio.create_task(ask(limiter, priority)) for limiter, priority in ((b, 9), (one, 10))]
        await asyncio.gather(*waiting)
        assert sorted(order[:3], reverse=True) in ([10, 9, 2], [10, 9, 1])
        assert order[3] in (1, 2)


async def test_who_would_wait_beyond_its_deadline_is_told_and_asks_nobody(redis_url: str) -> None:
    async with sandbox_llm() as llm, worker(redis_url, "one") as one:
        target = llm.target(requests_per_minute=1)
        await one.complete(call(target))
        late = call(target, seconds=5)  # its turn would come in a minute
        with pytest.raises(ModelUnavailable) as refused:
            await one.complete(late)
        assert (refused.value.status, llm.requests) == (429, 1)
        assert time.time() < late.deadline


async def test_a_worker_that_died_in_line_holds_nobody_up(redis_url: str, redis: Connection) -> None:
    async with sandbox_llm() as llm, worker(redis_url, "one") as one:
        target = llm.target(requests_per_minute=60)
        dead = LimitStore(redis, "dead")
        for _ in range(54):
            await dead.take(target.endpoint.id, rank=0, requests=60, tokens=None, size=1)
        assert await dead.take(target.endpoint.id, rank=0, requests=60, tokens=None, size=1) > 0
        with timed() as took:
            await one.complete(call(target))
        assert took[0] > 1.0


async def test_without_redis_requests_pass_and_are_counted(redis_url: str) -> None:
    async with sandbox_llm() as llm:
        connection, wire = connect("unix:///nowhere/redis.sock"), OpenAIClient()
        limiter = Limiter(wire, LimitStore(connection, "one"), Background())
        target = llm.target(requests_per_minute=1)
        assert all([await limiter.complete(call(target)) for _ in range(3)])
        await wire.aclose()
        await connection.aclose()


async def test_tokens_not_used_come_back_where_the_endpoint_does_not_count_them(redis: Connection) -> None:
    store = LimitStore(redis, "one")
    assert await store.take("e", rank=0, requests=None, tokens=1000, size=900) == 0.0
    assert await store.take("e", rank=0, requests=None, tokens=1000, size=500) > 20
    await store.give_back("e", 850)
    assert await store.take("e", rank=0, requests=None, tokens=1000, size=500) == 0.0


async def test_what_the_endpoint_says_is_left_is_believed_where_it_is_less(redis: Connection) -> None:
    store = LimitStore(redis, "one")
    assert await store.take("e", rank=0, requests=100, tokens=None, size=1) == 0.0
    await store.lower_to("e", 0, -1)
    assert await store.take("e", rank=0, requests=100, tokens=None, size=1) > 0.3


async def test_a_429_all_the_same_is_an_error_to_wait_out(redis_url: str) -> None:
    async with sandbox_llm() as llm, worker(redis_url, "one") as one:
        llm.fault(Kind.RATE_LIMITED, next=1, seconds=2)
        with pytest.raises(ModelUnavailable) as refused:
            await one.complete(call(llm.target(requests_per_minute=600)))
        assert refused.value.retry_at == pytest.approx(time.time() + 2, abs=2)

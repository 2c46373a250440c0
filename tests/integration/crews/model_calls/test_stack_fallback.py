"""Other targets where one fails, and breakers that workers share."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from chatwootai.stores.models.breakers import BreakerStore
from chatwootai.stores.server.connection import Connection, connect
from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Endpoint, Policy, Target
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.breaker import Breakers
from crews.model_calls.wrappers.fallback import Fallback
from crews.model_calls.wrappers.hedging import Hedging
from sandbox.llm.faults import Kind
from tests.stack_endpoint import Llm, call, sandbox_llm

pytestmark = pytest.mark.alone


@pytest.fixture
async def llm() -> AsyncIterator[Llm]:
    async with sandbox_llm() as server:
        yield server


class Worker:
    def __init__(self, connection: Connection) -> None:
        self.wire = OpenAIClient()
        self.background = Background()
        self.breakers = Breakers(BreakerStore(connection), self.background)
        self.fallback = Fallback(Hedging(self.wire), self.breakers)

    async def close(self) -> None:
        await self.background.settle()
        await self.wire.aclose()


@pytest.fixture
async def workers(redis: Connection) -> AsyncIterator[list[Worker]]:
    made = [Worker(redis), Worker(redis)]
    yield made
    for worker in made:
        await worker.close()


def dead(port: int) -> Target:
    return Target(endpoint=Endpoint(f"http://127.0.0.1:{port}/v1", "k"), model="gpt-4o-mini")


async def test_a_dead_endpoint_is_no_wait(workers: list[Worker], llm: Llm, unused_tcp_port: int) -> None:
    one = call(dead(unused_tcp_port), policy=Policy(fallbacks=(llm.target(),)))
    answer = await workers[0].fallback.complete(one)
    assert (answer.served_by, bool(answer.text)) == ("fallback", True)
    assert time.time() < one.deadline


@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.RATE_LIMITED, Kind.MALFORMED, Kind.CUT])
async def test_whatever_fails_the_next_in_order_answers(workers: list[Worker], llm: Llm, kind: Kind) -> None:
    llm.fault(kind, share=1.0, model="gpt-4o-mini")
    llm.fault(kind, share=1.0, model="gpt-4.1")
    order = (llm.target("gpt-4.1"), llm.target("gpt-4.1-mini"))
    answer = await workers[0].fallback.complete(call(llm.target(), policy=Policy(fallbacks=order)))
    assert (answer.model, answer.served_by) == ("gpt-4.1-mini", "fallback")
    assert llm.requests == 3


async def test_a_refused_key_is_anothers_chance(workers: list[Worker]) -> None:
    async with sandbox_llm(api_keys=("right",)) as llm:
        policy = Policy(fallbacks=(llm.target(key="right"),))
        assert (await workers[0].fallback.complete(call(llm.target(key="wrong"), policy=policy))).text
        with pytest.raises(ModelRefused):
            await workers[0].fallback.complete(call(llm.target(key="wrong")))


async def test_a_cut_stream_is_asked_again_and_nothing_half_is_said(workers: list[Worker], llm: Llm) -> None:
    llm.fault(Kind.CUT, next=1)
    answer = await workers[0].fallback.complete(call(llm.target(), max_tokens=400))
    assert (answer.finish, answer.served_by) == ("stop", "crew")
    assert answer.usage.calls == 2


async def test_a_429_is_waited_out_where_nobody_else_is(workers: list[Worker], llm: Llm) -> None:
    llm.fault(Kind.RATE_LIMITED, next=1, seconds=0.8)
    began = time.monotonic()
    await workers[0].fallback.complete(call(llm.target()))
    assert time.monotonic() - began >= 0.8
    assert llm.requests == 2


async def test_other_workers_leave_a_key_alone_that_said_429(workers: list[Worker], llm: Llm) -> None:
    llm.fault(Kind.RATE_LIMITED, next=1, seconds=30)
    policy = Policy(fallbacks=(llm.target("gpt-4.1-mini"),))
    await workers[0].fallback.complete(call(llm.target(), policy=policy))
    workers[1].breakers.rest_seconds(llm.target().name)
    await workers[1].background.settle()
    answer = await workers[1].fallback.complete(call(llm.target(), policy=policy))
    assert answer.served_by == "fallback"
    assert llm.requests == 3


async def test_five_failures_open_a_breaker_for_all_workers_and_an_answer_closes_it(
    workers: list[Worker], llm: Llm
) -> None:
    target = llm.target()
    policy = Policy(fallbacks=(llm.target("gpt-4.1-mini"),))
    llm.fault(Kind.SERVER_ERROR, next=5, model="gpt-4o-mini")
    for _ in range(5):
        await workers[0].fallback.complete(call(target, policy=policy))
    assert workers[0].breakers.rest_seconds(target.name) > 0
    workers[1].breakers.rest_seconds(target.name)
    await workers[1].background.settle()
    assert 0 < workers[1].breakers.rest_seconds(target.name) <= 1.0
    before = llm.requests
    await workers[1].fallback.complete(call(target, policy=policy))
    assert llm.requests == before + 1  # nobody asked the one that rests
    await asyncio.sleep(workers[1].breakers.rest_seconds(target.name))
    assert (await workers[1].fallback.complete(call(target, policy=policy))).served_by == "crew"
    await workers[1].background.settle()
    assert await workers[1].breakers._store.look([target.name]) == [0]  # type: ignore[union-attr]


async def test_a_breaker_that_opens_again_rests_longer(redis: Connection) -> None:
    store, rests = BreakerStore(redis), []
    for _ in range(3):
        first, under_way = [await store.trip("t", failures=1, rest_ms=300, longest_ms=900, pause_ms=0) for _ in "ab"]
        assert 0 < under_way <= first  # what was under way when it opened does not lengthen its rest
        rests.append(first)
        await asyncio.sleep(first / 1000)
    assert rests == [300, 600, 900]


async def test_one_passing_fault_opens_nothing(workers: list[Worker], llm: Llm) -> None:
    for _ in range(8):
        llm.fault(Kind.SERVER_ERROR, next=1)
        await workers[0].fallback.complete(call(llm.target()))
        await workers[0].background.settle()
    assert workers[0].breakers.rest_seconds(llm.target().name) == 0


async def test_without_redis_a_worker_keeps_to_what_it_has_seen(llm: Llm, unused_tcp_port: int) -> None:
    connection = connect("unix:///nowhere/redis.sock")
    worker = Worker(connection)
    gone = dead(unused_tcp_port)
    for _ in range(6):
        assert (await worker.fallback.complete(call(gone, policy=Policy(fallbacks=(llm.target(),))))).text
    assert worker.breakers.rest_seconds(gone.name) > 0
    await worker.close()
    await connection.aclose()


async def test_where_time_is_short_the_quick_model_answers(workers: list[Worker], llm: Llm) -> None:
    policy = Policy(quick=llm.target("gpt-4.1-nano"), quick_below=3.0)
    short = await workers[0].fallback.complete(call(llm.target(), seconds=2, policy=policy))
    long = await workers[0].fallback.complete(call(llm.target(), seconds=9, policy=policy))
    assert [(each.model, each.served_by) for each in (short, long)] == [
        ("gpt-4.1-nano", "quick"),
        ("gpt-4o-mini", "crew"),
    ]


async def test_with_all_away_it_ends_inside_the_deadline(workers: list[Worker], unused_tcp_port: int) -> None:
    one = call(dead(unused_tcp_port), seconds=4)
    with pytest.raises(ModelUnavailable):
        await workers[0].fallback.complete(one)
    assert len(one.receipts) >= 3

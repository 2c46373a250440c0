"""Second requests where no first token comes, against an endpoint that falls silent."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from chatwootai.model.message.turn import Usage
from chatwootai.telemetry.metrics import HEDGES
from crews.errors import ModelUnavailable
from crews.model_calls.call import Policy, total
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.wrappers.hedging import Hedging
from sandbox.llm.faults import Kind
from tests.stack_endpoint import Llm, call, sandbox_llm

pytestmark = pytest.mark.alone


@pytest.fixture
async def llm() -> AsyncIterator[Llm]:
    async with sandbox_llm(latency="fixed:20ms") as server:
        yield server


@pytest.fixture
async def hedging() -> AsyncIterator[Hedging]:
    wire = OpenAIClient()
    yield Hedging(wire)
    await wire.aclose()


def counted(fate: str) -> float:
    return HEDGES.labels(fate)._value.get()


async def test_a_model_that_speaks_in_time_is_asked_once(hedging: Hedging, llm: Llm) -> None:
    await asyncio.gather(*(hedging.complete(call(llm.target(), f"Question {n}?")) for n in range(50)))
    assert llm.requests == 50


async def test_silence_brings_a_second_request_whose_answer_counts(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.STALL, next=1)
    one, made, won = call(llm.target()), counted("made"), counted("won")
    began = time.monotonic()
    assert (await hedging.complete(one)).text
    assert time.monotonic() - began >= 0.9
    assert (counted("made") - made, counted("won") - won) == (1, 1)
    await llm.server.stats.until("in_flight", None, 0)
    assert llm.server.stats.cancelled == 1


async def test_both_requests_are_paid_for(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.STALL, next=1)
    one = call(llm.target())
    answer = await hedging.complete(one)
    assert len(one.receipts) == 2
    assert total(one.receipts).prompt_tokens > answer.usage.prompt_tokens
    assert total(one.receipts).calls == 2


async def test_a_first_that_speaks_after_all_wins_and_the_second_is_closed(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.SLOW, next=1, seconds=1.0)
    llm.fault(Kind.SLOW, next=1, seconds=5.0)
    lost = counted("lost")
    assert (await hedging.complete(call(llm.target()))).text
    assert counted("lost") - lost == 1
    await llm.server.stats.until("in_flight", None, 0)


async def test_the_second_goes_where_the_tenant_says(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.STALL, share=1.0, model="gpt-4o-mini")
    other = llm.target("gpt-4.1-mini", key="other")
    answer = await hedging.complete(call(llm.target(), policy=Policy(hedge_to=other)))
    assert answer.model == "gpt-4.1-mini"


async def test_beyond_its_share_nothing_is_asked_twice(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.SLOW, share=1.0, seconds=1.0)
    made, denied = counted("made"), counted("denied")
    await asyncio.gather(*(hedging.complete(call(llm.target(), f"Question {n}?")) for n in range(30)))
    assert counted("made") - made <= 1 + 30 * 0.06
    assert counted("denied") - denied >= 25


async def test_a_share_of_nothing_means_never(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.SLOW, next=1, seconds=1.1)
    await hedging.complete(call(llm.target(), policy=Policy(hedge_share=0.0)))
    assert llm.requests == 1


async def test_silence_of_both_is_an_error_while_there_is_time_for_others(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.STALL, share=1.0)
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="says nothing"):
        await hedging.complete(call(llm.target(), seconds=60, patience=time.time()))
    assert time.monotonic() - began < 40
    await llm.server.stats.until("in_flight", None, 0)


async def test_a_slow_model_that_nobody_stands_in_for_is_waited_for(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.SLOW, share=1.0, seconds=5.0)
    hedging.pace(llm.target()).spend()
    once = call(llm.target("gpt-4.1-mini"), policy=Policy(hedge_share=0.0))
    assert all(each.text for each in await asyncio.gather(hedging.complete(call(llm.target())), hedging.complete(once)))
    asked = Counter(entry.model for entry in llm.server.stats.log)
    assert asked == {"gpt-4o-mini": 2, "gpt-4.1-mini": 1}  # so long might be a stuck connection: asked once more


async def test_the_same_model_at_a_private_address_is_not_asked_a_second_time(hedging: Hedging, llm: Llm) -> None:
    """It works on one request after the other: the second would wait for the first, or end it."""
    llm.fault(Kind.SLOW, share=1.0, seconds=4.0)
    assert (await hedging.complete(call(llm.target(), policy=Policy()))).text
    assert llm.requests == 1


async def test_a_model_whose_second_requests_never_win_is_asked_once(
    hedging: Hedging, llm: Llm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crews.model_calls.wrappers.first_token._NEVER_WINS", 2)
    pace = hedging.pace(llm.target())
    for _ in range(2):
        pace.second_ended(won=False, now=time.monotonic())
    llm.fault(Kind.SLOW, share=1.0, seconds=1.5)
    await hedging.complete(call(llm.target()))
    assert llm.requests == 1
    pace.second_ended(won=True, now=time.monotonic())
    await hedging.complete(call(llm.target()))
    assert llm.requests == 3


async def test_a_failed_second_does_not_end_the_first(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.SLOW, next=1, seconds=1.5)
    llm.fault(Kind.SERVER_ERROR, next=1)
    answer = await hedging.complete(call(llm.target()))
    assert answer.text
    assert answer.usage != Usage()


async def test_models_that_think_are_waited_for(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.SLOW, next=1, seconds=2.0)
    assert (await hedging.complete(call(llm.target("o4-mini")))).text
    assert llm.requests == 1


async def test_cancelling_closes_both(hedging: Hedging, llm: Llm) -> None:
    llm.fault(Kind.STALL, share=1.0)
    running = asyncio.create_task(hedging.complete(call(llm.target())))
    await llm.server.stats.until("in_flight", 2, None)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await llm.server.stats.until("in_flight", None, 0)

"""Customers who write in fragments, or on while the model answers: one answer to everything."""

import asyncio
import re

import pytest

from tests.faults.desk import Desk, scaled

pytestmark = pytest.mark.alone


async def test_fragments_copied_and_shuffled(desk: Desk) -> None:
    """Five fragments in a second; every webhook comes twice, each copy up to 0.3 s late, through either door."""
    conversations = scaled(30)
    desk.relay.copies, desk.relay.late = 2, 0.3
    await asyncio.gather(*(_burst(desk, number) for number in range(conversations)))
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.messages == 5 * conversations
    assert tally.handed_off == 0
    assert tally.turns <= conversations * 1.1


async def _burst(desk: Desk, number: int) -> None:
    await asyncio.sleep(number * 0.1)
    await desk.burst(5, 0.2, number)


async def test_written_on_while_the_model_answers(desk: Desk) -> None:
    conversations = scaled(20)
    await desk.llm.latency("fixed:2500ms")
    first = await asyncio.gather(*(desk.write(number=number) for number in range(conversations)))
    alone = list(desk.asked)
    await desk.llm.wait("in_flight", at_least=conversations, seconds=30)
    await asyncio.gather(*(desk.write(sent) for sent in first))
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == 0
    assert tally.turns <= conversations * 1.1, "one answer to everything, nine times in ten"
    closed = [code for code in alone if await _closed(desk, code)]
    print(f"   calls closed for want of anybody waiting: {len(closed)} of {conversations}")
    assert len(closed) >= conversations * 0.9


async def _closed(desk: Desk, code: str) -> bool:
    """Whether the model never answered about this message alone: each such call was left before its end."""
    calls = await desk.llm.requests(contains=code)
    alone = [call for call in calls if len(set(re.findall(r"CW-\d+", str(call["body"]["messages"])))) == 1]
    return bool(alone) and {call["outcome"] for call in alone} == {"cancelled"}

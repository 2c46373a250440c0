"""Every hostile text, to both workers, while others write: all are answered or given to people, nothing is lost."""

import asyncio

from bench.entries.system.hostile import hostile, texts, unanswered
from bench.hostile import SHAPES
from tests.faults.desk import Desk, scaled

_COUNT = len(SHAPES)


async def test_hostile_texts(desk: Desk) -> None:
    attack = asyncio.create_task(hostile(desk.driver, texts(_COUNT), per_second=10.0))
    await desk.crowd(scaled(40), per_second=4)
    sent = await attack
    tally = await desk.tally()
    tally.must_be_clean()
    assert await unanswered(desk.driver, sent) == []
    assert len(sent) == _COUNT

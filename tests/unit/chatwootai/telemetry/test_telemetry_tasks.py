"""Tasks are ended whatever they do with a cancellation, also where the one that ends them is cancelled meanwhile."""

import asyncio
from contextlib import suppress

from chatwootai.telemetry.tasks import ended


async def stubborn(drops: int) -> None:
    """Drop so many cancellations, as redis-py does while it connects."""
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            drops -= 1
            if drops < 0:
                raise


async def test_a_task_that_drops_cancellations_is_ended() -> None:
    task = asyncio.create_task(stubborn(3))
    await asyncio.sleep(0)
    await ended(task, again=0.01)
    assert task.cancelled()


async def test_one_that_is_cancelled_while_it_ends_tasks_ends_them_first() -> None:
    inner = asyncio.create_task(stubborn(5))

    async def holder() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await ended(inner, again=0.02)

    outer = asyncio.create_task(holder())
    await asyncio.sleep(0)
    await ended(outer, again=0.01)
    assert inner.cancelled()
    assert outer.cancelled()
    with suppress(asyncio.CancelledError):
        await outer

"""arq's own command line runs the same turns: more slowly, and as rightly."""

import asyncio

from tests.faults.desk import Desk, scaled, with_trouble

OURS = False
"""Not our own workers: the desk need not wait for them."""


async def test_stock_worker(desk: Desk) -> None:
    """Twenty conversations, a kill -9 in the midst of the second ten, and what `arq --check` says meanwhile."""
    ground, conversations = desk.ground, scaled(20)
    await desk.llm.latency("fixed:700ms")
    for name in ("worker", "worker-2"):
        await asyncio.to_thread(ground.processes[name].stop)
    ground.stock_worker("stock").start()
    await ground.revive("stock")

    async def kill() -> None:
        await desk.answers(conversations // 2)
        await ground.kill("stock")
        await ground.revive("stock")

    try:
        await with_trouble(desk.crowd(conversations, per_second=5), kill())
        tally = await desk.tally()
        check = ground.stock_worker("check", "--check")
        check.start()
        assert await check.gone() == 0, check.tail()
    finally:
        for name in {"stock", "check"} & set(ground.processes):
            await ground.retire(name)
    tally.must_be_clean()
    assert tally.handed_off == 0

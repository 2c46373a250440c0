"""Workers that sleep past their leases and wake again, and workers that are replaced once a second."""

import asyncio
import signal

import pytest

from tests.faults.desk import LEASE, Desk, scaled, with_trouble


@pytest.mark.parametrize("busy_with", ["drafts", "posts"])
async def test_worker_frozen(desk: Desk, busy_with: str) -> None:
    """It holds turns, then sleeps: another answers them. When it wakes it must say nothing that has been said."""
    ground, conversations = desk.ground, scaled(30)
    await desk.driver.latency(200 if busy_with == "posts" else 0)
    sleeper = ground.processes["worker"]

    async def freeze() -> None:
        for number in range(2):
            await desk.answers(conversations * (2 * number + 1) // 6)
            sleeper.send(signal.SIGSTOP)
            asleep = set(desk.unsettled())
            assert await desk.until(lambda asleep=asleep: not asleep & set(desk.unsettled()))  # type: ignore[misc]
            sleeper.send(signal.SIGCONT)
            await ground.ready("worker")

    await with_trouble(desk.crowd(conversations, per_second=6), freeze())
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == 0


async def test_worker_stopped_while_redis_is_away(desk: Desk) -> None:
    ground = desk.ground
    assert ground.redis is not None
    await desk.llm.latency("fixed:1000ms")
    await asyncio.gather(*(desk.write(number=number) for number in range(scaled(6))))
    await desk.llm.wait("in_flight", at_least=scaled(6), seconds=30)
    ground.redis.kill()
    for name in ("worker", "worker-2"):
        ground.processes[name].send(signal.SIGTERM)
    for name in ("worker", "worker-2"):
        assert await asyncio.wait_for(ground.processes[name].gone(), 30 + LEASE) == 0
    ground.redis.resume()
    await ground.revive("worker", "worker-2")
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == 0


async def test_workers_deployed(desk: Desk) -> None:
    """A SIGTERM a second, to the oldest each time, the new ones started before; turns are cut short and given back."""
    ground, conversations = desk.ground, scaled(60)
    await desk.llm.latency("fixed:1000ms")
    fresh = [f"deploy-{number}" for number in range(3)]
    for name in fresh:
        ground.another_worker(name, WORKER_GRACE_SECONDS="0.2").start()
    await ground.revive(*fresh)

    async def deploy() -> None:
        await desk.answers(2)
        for name in ("worker", "worker-2", *fresh[:-1]):
            ground.processes[name].send(signal.SIGTERM)
            await asyncio.sleep(1.0)
        for name in ("worker", "worker-2", *fresh[:-1]):
            assert await ground.processes[name].gone() == 0

    try:
        await with_trouble(desk.crowd(conversations, per_second=8), deploy())
        tally = await desk.tally()
    finally:
        for name in fresh:
            await ground.retire(name)
    tally.must_be_clean()
    assert tally.handed_off == 0
    assert tally.tried == 0, "a deploy cost a turn a try"

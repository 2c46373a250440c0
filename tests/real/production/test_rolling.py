"""Everything of an installation is replaced under load, behind the balancer and the Redis of deploy/.

Each door and each worker twice, the primary Redis killed, a sentinel killed, the balancer reloaded.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from sandbox.installation.system import Plan
from tests.faults import desk as desks
from tests.faults.desk import Ground
from tests.faults.relay import Relay
from tests.real.production.balancer import Balancer
from tests.real.production.redis_set import RedisSet
from tests.real.production.timed_desk import PER_SECOND, TimedDesk, quantiles

pytestmark = pytest.mark.real("haproxy", "redis-server", "redis-sentinel")

_DRAIN = 4
"""Seconds: more than the two failed probes after which the balancer leaves a door."""


@pytest.fixture(scope="module")
def redis_set() -> Iterator[RedisSet]:
    with RedisSet() as started:
        yield started


async def _replace_doors(ground: Ground) -> None:
    for name in ("ingress", "ingress-2"):
        await asyncio.to_thread(ground.processes[name].stop)
        await ground.revive(name)


async def _replace_workers(ground: Ground, generation: int) -> None:
    """The new one is ready before the old one is told to end."""
    for old in [name for name in ground.processes if name.startswith("worker")]:
        new = f"worker-{generation}-{old.rpartition('-')[2]}"
        ground.another_worker(new).start()
        await ground.ready(new)
        await ground.retire(old)


async def _fail_over(desk: TimedDesk, redis_set: RedisSet) -> None:
    """The primary dies, and comes back as a replica by its own script; then a sentinel dies and comes back."""
    first = redis_set.primary()
    second = sum(redis_set.servers) - first
    begun = time.monotonic()
    redis_set.kill(first)
    await asyncio.to_thread(redis_set.switched, second)
    before = len(desk.answered)
    await desk.answers(before + 1)
    desk.failover.append((begun, time.monotonic()))
    redis_set.start(first)
    await asyncio.to_thread(redis_set.settled)
    assert redis_set.primary() == second
    sentinel = redis_set.sentinels[1]
    redis_set.kill(sentinel)
    await desk.answers(len(desk.answered) + 3 * PER_SECOND)
    redis_set.start(sentinel)


async def test_everything_is_replaced_and_nobody_notices(redis_set: RedisSet) -> None:
    environ = {"INGRESS_DRAIN_SECONDS": str(_DRAIN)}
    plan = Plan(
        ingresses=2, workers=2, llm=("--latency", "fixed:300ms"), environ=environ, settings=desks.SETTINGS,
        redis_url=redis_set.url,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(Ground(plan))
        doors = [f"127.0.0.1:{ground.port(name)}" for name in ("ingress", "ingress-2")]
        balancer = await stack.enter_async_context(Balancer(doors))
        desk, over = TimedDesk(ground, "everything replaced"), asyncio.Event()
        desk.relay = Relay(ground.relay_port, [balancer.url])
        async with desk:

            async def trouble() -> None:
                try:
                    await desk.answers(2 * PER_SECOND)
                    for generation in (1, 2):
                        await _replace_doors(ground)
                        await balancer.reload()
                        await _replace_workers(ground, generation)
                    await _fail_over(desk, redis_set)
                    await desk.answers(len(desk.answered) + 2 * PER_SECOND)
                finally:
                    over.set()

            await desks.with_trouble(desk.write_until(over), trouble())
            tally = await desk.tally()
            print(
                f"answers at the balancer {dict(desk.relay.answers)}, of its last process {await balancer.counted()}; "
                f"{quantiles(desk.seconds(failing=False))}; under way in the failover of "
                f"{sum(last - first for first, last in desk.failover):.1f} s: {quantiles(desk.seconds(failing=True))}"
            )
            tally.must_be_clean()
            assert tally.handed_off == 0
            assert set(desk.relay.answers) == {200}

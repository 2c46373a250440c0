"""The line between doors and Redis, and the one between workers and Redis, is cut for 30 s each, under load."""

import asyncio
from collections.abc import Iterator

import pytest

from sandbox.installation.processes import Process
from sandbox.installation.system import Plan
from tests.faults.desk import Ground, with_trouble
from tests.faults.relay import Relay
from tests.real.production.balancer import Balancer
from tests.real.production.lines import DOORS, REDIS, Lines, inside
from tests.real.production.redis_set import RedisSet
from tests.real.production.timed_desk import TimedDesk, quantiles

pytestmark = pytest.mark.real("haproxy", "redis-server", "redis-sentinel", "namespaces")

CUT_SECONDS = 30.0
_SETTINGS = "rate_per_minute: 1000000\ndeadline_ms: 120000\n"


class Parted(Ground):
    """An installation whose doors live in a namespace of their own."""

    def url(self, name: str) -> str:
        """Where a process listens."""
        host = DOORS if name.startswith("ingress") else "127.0.0.1"
        return f"http://{host}:{self.port(name)}"

    def _ingress(self, name: str) -> Process:
        door = super()._ingress(name)
        door._command = [*inside("cw-doors"), *door._command]
        door._environ = {**door._environ, "INGRESS_HOST": "0.0.0.0"}
        return door


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    with Lines() as laid:
        yield laid


@pytest.fixture(scope="module")
def redis_set(lines: Lines) -> Iterator[RedisSet]:
    with RedisSet(REDIS, inside("cw-redis")) as started:
        yield started


async def test_a_cut_line_loses_and_doubles_nothing(lines: Lines, redis_set: RedisSet) -> None:
    plan = Plan(
        ingresses=2, workers=2, llm=("--latency", "fixed:300ms"), settings=_SETTINGS, redis_url=redis_set.url,
    )  # fmt: skip
    async with Parted(plan) as ground:
        doors = [f"{DOORS}:{ground.port(name)}" for name in ("ingress", "ingress-2")]
        async with Balancer(doors) as balancer:
            desk, over = TimedDesk(ground, "lines cut"), asyncio.Event()
            desk.relay = Relay(ground.relay_port, [balancer.url])
            async with desk:

                async def trouble() -> None:
                    try:
                        for whose in ("doors", "workers"):
                            await desk.answers(len(desk.answered) + 10)
                            lines.cut(whose)
                            await asyncio.sleep(CUT_SECONDS)  # the length of the outage is what is tried
                            lines.mend(whose)
                            await desk.answers(len(desk.asked))
                    finally:
                        over.set()

                await with_trouble(desk.write_until(over), trouble())
                tally = await desk.tally()
                print(f"answers at the balancer {dict(desk.relay.answers)}; {quantiles(desk.seconds(failing=False))}")
                tally.must_be_clean()
                assert tally.handed_off == 0
                assert set(desk.relay.answers) == {200}

"""kill -9 of either of two doors, also while one of them holds what Redis could not take."""

import asyncio
import os
import signal

from tests.faults.desk import Desk, scaled, with_trouble


async def test_doors_killed(desk: Desk) -> None:
    ground, conversations = desk.ground, scaled(80)

    async def kill() -> None:
        for number in range(3):
            await desk.answers(conversations * (number + 1) // 5)
            name = ("ingress", "ingress-2")[number % 2]
            await ground.kill(name)
            await ground.revive(name)

    await with_trouble(desk.crowd(conversations, per_second=12), kill())
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == 0
    assert tally.refused == 0


async def test_doors_killed_with_their_journals_full(desk: Desk) -> None:
    """What a door acknowledged while Redis was frozen is on its disk: it is answered though the door is dead."""
    ground, conversations = desk.ground, scaled(40)
    redis = ground.redis
    assert redis is not None

    async def kill() -> None:
        await desk.answers(conversations // 6)
        os.kill(redis.pid, signal.SIGSTOP)
        taken = desk.relay.answers[200]
        while desk.relay.answers[200] < taken + conversations // 3:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.05)
        for name in ("ingress", "ingress-2"):
            await ground.kill(name)
        os.kill(redis.pid, signal.SIGCONT)
        await ground.revive("ingress", "ingress-2")

    await with_trouble(desk.crowd(conversations, per_second=8), kill())
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == 0
    assert tally.refused == 0

"""Redis killed and resumed, frozen, full, and robbed of its scripts: under load, with nobody turned away."""

import asyncio
import os
import signal
from collections.abc import Awaitable

from chatwootai.stores.server.connection import connect
from tests.faults.desk import Desk, Tally, scaled, with_trouble

_AWAY = 5.0
_CONVERSATIONS = scaled(60)


async def loaded(
    desk: Desk, trouble: Awaitable[None], per_second: float = 8, conversations: int = _CONVERSATIONS
) -> Tally:
    """A crowd that writes before, while and after `trouble`."""
    await with_trouble(desk.crowd(conversations, per_second), trouble)
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.refused == 0, f"deliveries were refused: {desk.relay.answers}"
    for name, process in desk.ground.processes.items():
        assert process.alive, f"{name} exited:\n{process.tail()}"
    assert tally.handed_off <= tally.conversations / 10
    return tally


async def test_redis_killed(desk: Desk) -> None:
    redis = desk.ground.redis
    assert redis is not None

    async def kill() -> None:
        await desk.answers(_CONVERSATIONS // 6)
        await asyncio.to_thread(redis.kill)
        await asyncio.sleep(_AWAY)
        redis.resume()  # not in a thread, with which it would die

    pids = {name: process.pid for name, process in desk.ground.processes.items()}
    await loaded(desk, kill())
    assert pids == {name: process.pid for name, process in desk.ground.processes.items()}


async def test_redis_frozen(desk: Desk) -> None:
    redis = desk.ground.redis
    assert redis is not None

    async def freeze() -> None:
        await desk.answers(_CONVERSATIONS // 6)
        os.kill(redis.pid, signal.SIGSTOP)
        await asyncio.sleep(_AWAY / 2)
        for door in ("ingress", "ingress-2"):  # a balancer that took them away would lose what their journals can take
            async with desk.session.get(f"{desk.ground.url(door)}/readyz") as response:
                assert (response.status, (await response.json())["status"]) == (200, "degraded")
        await asyncio.sleep(_AWAY / 2)
        os.kill(redis.pid, signal.SIGCONT)

    await loaded(desk, freeze())


async def test_redis_full(desk: Desk) -> None:
    connection = connect(desk.ground.redis_url)

    async def fill() -> None:
        await desk.answers(_CONVERSATIONS // 6)
        await connection.config_set("maxmemory", "100kb")
        await asyncio.sleep(_AWAY)
        await connection.config_set("maxmemory", "0")

    try:
        await loaded(desk, fill())
    finally:
        await connection.config_set("maxmemory", "0")
        await connection.aclose()


async def test_redis_forgets_scripts(desk: Desk) -> None:
    connection = connect(desk.ground.redis_url)

    async def flush() -> None:
        for number in range(1, 5):
            await desk.answers(_CONVERSATIONS * number // 6)
            await connection.script_flush()

    try:
        tally = await loaded(desk, flush(), per_second=20)
    finally:
        await connection.aclose()
    assert tally.handed_off == 0

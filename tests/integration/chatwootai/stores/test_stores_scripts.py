"""Calls that share a write each get their own answer, whatever happens to the others."""

import asyncio

import pytest

from chatwootai.stores.server.connection import Connection, StoreMisused, StoreUnavailable, connect
from chatwootai.stores.server.scripts import Runner


async def test_a_thousand_calls_at_once_each_get_their_own_answer(redis: Connection) -> None:
    runner = Runner.of(redis)
    for number in range(1000):
        await redis.hset("cw:owners", f"j{number}", "w1" if number % 2 else "w2")  # type: ignore[misc]
    lost = await asyncio.gather(*(runner.run("renew", "w1", 1000, f"j{number}") for number in range(1000)))
    assert lost == [[] if number % 2 else [f"j{number}".encode()] for number in range(1000)]


async def test_one_callers_mistake_is_its_own(redis: Connection) -> None:
    runner = Runner.of(redis)
    await redis.set("cw:owners", "not a hash")
    wrong, right = await asyncio.gather(
        runner.run("renew", "w1", 1000, "j"), runner.run("renew", "w1", 1000), return_exceptions=True
    )
    assert isinstance(wrong, StoreMisused)
    assert wrong.script == "renew"
    assert str(wrong).startswith("renew.lua: Operation against a key holding the wrong kind of value")
    assert right == []


async def test_a_caller_that_leaves_takes_nobody_along(redis: Connection) -> None:
    runner = Runner.of(redis)
    left = asyncio.create_task(runner.run("renew", "w1", 1000))
    stayed = asyncio.create_task(runner.run("renew", "w1", 1000))
    await asyncio.sleep(0)
    left.cancel()
    assert await stayed == []


async def test_calls_that_follow_each_other_closely_never_hang(redis: Connection) -> None:
    runner = Runner.of(redis)

    async def caller() -> None:
        for _ in range(200):
            assert await runner.run("renew", "w1", 1000) == []

    async with asyncio.timeout(30):
        await asyncio.gather(*(caller() for _ in range(20)))


async def test_an_absent_redis_is_one_error() -> None:
    connection = connect("unix:///nowhere/redis.sock", timeout=0.5)
    with pytest.raises(StoreUnavailable):
        await Runner.of(connection).run("renew", "w1", 1000)
    await connection.aclose()

"""A Redis that has been at work for long: many tenants, many open conversations, on disk, to be copied and started."""

import asyncio
from pathlib import Path

from bench.queues import OURS, Bench
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded

_TOMORROW = 86_400.0
_AT_ONCE = 256


async def prepare(data: Path, tenants: int, conversations: int) -> Path:
    """Make it, and return `data`. Each open conversation has a message, its state, its life, and a job for tomorrow."""
    with Embedded.start(data) as redis:
        connection = connect(redis.url, timeout=40.0)
        await _put_off(Bench(OURS, redis, connection, data.parent), tenants, conversations)
        await _settle(connection)
        await connection.aclose()
    return data


def tenant(number: int, tenants: int) -> str:
    """Return whose conversation `number` is: nobody's that a configuration knows."""
    return f"tenant-{number % tenants}"


async def _put_off(one: Bench, tenants: int, conversations: int) -> None:
    known = Conversations(one.connection)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def open_one(number: int) -> None:
        name = f"{tenant(number, tenants)}:{number}"
        async with gate:
            await one.enqueue(name)
            begun = await known.begin(name, f"turn:{name}:1", "bench")
            if begun is not None:
                await known.again(begun.lease, after=_TOMORROW, count=False)

    await asyncio.gather(*(open_one(number) for number in range(conversations)))


async def _settle(connection: Connection) -> None:
    """Have the append-only file written anew now, so that Redis does not begin to in the midst of a measurement."""
    await _wait_until_written(connection)
    await connection.bgrewriteaof()  # type: ignore[no-untyped-call]
    await _wait_until_written(connection)


async def _wait_until_written(connection: Connection) -> None:
    while True:
        told = await connection.info("persistence")
        if not told["aof_rewrite_in_progress"] and not told["aof_rewrite_scheduled"]:
            return
        await asyncio.sleep(0.1)

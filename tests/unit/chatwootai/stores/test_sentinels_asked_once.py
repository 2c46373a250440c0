"""Connections that break at once ask a sentinel once, together."""

import asyncio

from redis.exceptions import RedisError

from chatwootai.stores.server.connection import connect


async def test_connections_that_break_at_once_ask_together() -> None:
    asked = 0

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(hangs_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = connect(f"redis+sentinel://127.0.0.1:{port}/desk/0", retries=0)
        sentinels = client.connection_pool.sentinel_manager  # type: ignore[attr-defined]  # a Sentinel's pool has it
        told = await asyncio.gather(*(sentinels.discover_master("desk") for _ in range(30)), return_exceptions=True)
        assert all(isinstance(each, RedisError) for each in told)
        assert 1 <= asked < 5
        await client.aclose()

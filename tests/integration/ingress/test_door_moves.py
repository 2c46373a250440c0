"""An account that leaves its shard: what comes meanwhile waits, in order, for the shard that it comes to."""

import asyncio
from pathlib import Path

from chatwootai.stores import keys
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from tests.door import Process
from tests.integration.ingress.test_door_shards import (
    ACCOUNTS,
    deliver,
    door,
    servers,
    started,
    until,
    visiting,
    waiting,
)

__all__ = ["door", "servers"]


async def mark(server: Embedded, text: str) -> None:
    connection = connect(server.url)
    try:
        if text:
            await connection.set(keys.moved("1"), text)
        else:
            await connection.delete(keys.moved("1"))
    finally:
        await connection.aclose()


async def test_what_comes_during_a_move_is_stored_where_the_account_comes_to(
    door: Process, servers: dict[str, Embedded], tmp_path: Path
) -> None:
    async with visiting(door) as visitor:
        await deliver(visitor, 1, account=1)
        await mark(servers["a"], "left b")
        await mark(servers["b"], "arriving a")
        for number in (2, 3):
            await deliver(visitor, number, account=1)
        await deliver(visitor, 4, account=2)  # another account notices nothing
        assert await waiting(servers["b"], 2) == [4]
        ready = (await visitor.get("/readyz")).body["checks"]
        assert ready["journal of moving accounts"]["records"] == 2
        assert ready["redis a"]["status"] == "ok"

        await mark(servers["b"], "arrived a")
        assert await waiting(servers["b"], 1) == []  # the configuration still places it on the other
        mapping = tmp_path / "configuration/chatwoot_mapping.yaml"
        mapping.write_text(ACCOUNTS.replace("shard: a", "shard: b"))
        await until(servers["b"], 1, [2, 3])
        await deliver(visitor, 5, account=1)
        await until(servers["b"], 1, [2, 3, 5])
        assert await waiting(servers["a"], 1) == [1]


async def test_what_waits_outlives_its_door_and_goes_back_where_a_move_is_given_up(
    door: Process, servers: dict[str, Embedded], tmp_path: Path
) -> None:
    async with visiting(door) as visitor:
        await mark(servers["a"], "left b")
        for number in (1, 2):
            await deliver(visitor, number, account=1)
    await asyncio.to_thread(door.kill)
    folder = tmp_path / "journal"
    for left in (folder / "_moved").iterdir():  # where journals lay before there were shards: they are adopted too
        left.rename(folder / left.name)
    await mark(servers["a"], "")
    with started(tmp_path, servers):
        await until(servers["a"], 1, [1, 2])
    assert await waiting(servers["b"], 1) == []

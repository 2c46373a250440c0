"""The configuration of a door of two shards: in force on both, whichever of them was away or was told of it first."""

import asyncio
import os
from pathlib import Path

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.installation.processes import Processes
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from config.files.packing import pack
from config.files.sources import gather
from tests.door import Process
from tests.integration.ingress.test_door_shards import ACCOUNTS, door, servers

__all__ = ["door", "servers"]


async def in_force(server: Embedded) -> ConfigVersion | None:
    connection = connect(server.url)
    try:
        return await ConfigVersions(connection).current()
    finally:
        await connection.aclose()


async def until_in_force(server: Embedded, digest: str) -> ConfigVersion:
    async with asyncio.timeout(30):
        while (found := await in_force(server)) is None or found.digest != digest:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)
    return found


async def until_served(server: Embedded, digest: str) -> None:
    connection = connect(server.url)
    try:
        async with asyncio.timeout(30):
            while [one.digest for one in await Processes(connection).all()] != [digest]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
    finally:
        await connection.aclose()


async def test_what_is_in_force_comes_to_each(door: Process, servers: dict[str, Embedded], tmp_path: Path) -> None:
    folder = tmp_path / "configuration"
    mapping = folder / "chatwoot_mapping.yaml"
    first = gather(folder, os.environ).digest()
    for server in servers.values():
        await until_in_force(server, first)
        await until_served(server, first)

    servers["a"].kill()  # an edit meanwhile
    mapping.write_text(f"# edited\n{ACCOUNTS}")
    edited = gather(folder, os.environ).digest()
    await until_in_force(servers["b"], edited)
    servers["a"].resume()
    await until_in_force(servers["a"], edited)
    await until_served(servers["a"], edited)

    other = tmp_path / "other"  # somebody publishes on one shard alone
    other.mkdir()
    (other / "chatwoot_mapping.yaml").write_text(f"# published\n{ACCOUNTS}")
    sources = gather(other, os.environ)
    connection = connect(servers["b"].url)
    await ConfigVersions(connection).publish(
        sources.digest(), pack(sources, os.environ), by="operator", why="edit", accounts=2
    )
    await connection.aclose()
    for server in servers.values():
        await until_served(server, sources.digest())
        await until_in_force(server, sources.digest())

"""One process and two shards: which configuration holds where one of them missed something, and what is set aside."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatwootai.stores import keys
from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.telemetry.tasks import ended
from config.files.packing import pack
from config.files.sources import gather
from config.live.live import Live

MAPPING = """\
version: 1
chatwoot: {default: {url: "http://c"}}
accounts:
  "1": {domain: retail, tenant: shop, webhook_secrets: ["${SECRET}"], bot_token: "${TOKEN}"}
"""
SECRETS = {"SECRET": "s", "TOKEN": "t"}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Embedded]]:
    with Embedded.start(tmp_path / "redis-a") as one, Embedded.start(tmp_path / "redis-b") as two:
        yield {"a": one, "b": two}


@pytest.fixture
async def shards(servers: dict[str, Embedded]) -> AsyncIterator[dict[str, Connection]]:
    connections = {name: connect(server.url) for name, server in servers.items()}
    yield connections
    for connection in connections.values():
        await connection.aclose()


def written(folder: Path, tone: str) -> Path:
    (folder / "domains/retail/shop").mkdir(parents=True, exist_ok=True)
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING)
    (folder / "domains/retail/shop/config.yaml").write_text(f"tone: {tone}\n")
    return folder


@asynccontextmanager
async def door(folder: Path, shards: dict[str, Connection], home: Path) -> AsyncIterator[Live]:
    """Run the configuration of a process of both shards."""
    live = Live(folder, {**SECRETS, "JOURNAL_DIR": str(home / "journal")}, shards["a"], "ingress 1")
    live.join({"b": shards["b"]})
    await live.start()
    task = asyncio.create_task(live.run())
    try:
        yield live
    finally:
        await ended(task)


async def publish(
    connection: Connection,
    folder: Path,
    why: str = "publish",
    aside: tuple[str, ...] = (),
    origin: float | None = None,
) -> str:
    """Publish a folder on one shard alone; return its digest."""
    sources = gather(folder, {})
    digest = sources.digest()
    await ConfigVersions(connection).publish(
        digest, pack(sources, {}), by="ana", why=why, accounts=1, overrules=aside, origin=origin
    )
    return str(digest)


async def current(connection: Connection) -> ConfigVersion:
    found = await ConfigVersions(connection).current()
    assert found is not None
    return found


async def until_in_force(connection: Connection, digest: str, number: int) -> ConfigVersion:
    """Wait until a digest is in force as that version at least."""
    async with asyncio.timeout(30):
        while True:
            found = await ConfigVersions(connection).current()
            if found is not None and found.digest == digest and found.number >= number:
                return found
            await asyncio.sleep(0.02)


async def until_served(live: Live, digest: str) -> None:
    async with asyncio.timeout(30):
        while live.holder.sources.digest() != digest:  # noqa: ASYNC110 - the listener has no event for it
            await asyncio.sleep(0.02)


async def test_a_process_without_a_folder_brings_no_old_one_back(shards: dict[str, Connection], tmp_path: Path) -> None:
    old, new = written(tmp_path / "old", "old"), written(tmp_path / "new", "new")
    await publish(shards["b"], old)  # as it was before the shard was away
    digest = await publish(shards["a"], new)
    async with door(tmp_path / "nowhere", shards, tmp_path) as live:
        await until_in_force(shards["b"], digest, 2)
        assert live.holder.sources.digest() == digest
    assert (await current(shards["a"])).number == 1


async def test_a_rollback_holds_on_a_shard_that_missed_it(
    servers: dict[str, Embedded], shards: dict[str, Connection], tmp_path: Path
) -> None:
    old, new = written(tmp_path / "old", "old"), written(tmp_path / "new", "new")
    async with door(new, shards, tmp_path) as live:
        bad = live.holder.sources.digest()
        await until_in_force(shards["b"], bad, 1)
        servers["a"].kill()
        good = await publish(shards["b"], old, "rollback to 1", aside=(bad,))
        await until_served(live, good)
        servers["a"].resume()
        assert (await until_in_force(shards["a"], good, 2)).overrules == (bad,)
        worker = Live(new, {**SECRETS, "JOURNAL_DIR": str(tmp_path / "worker/journal")}, shards["a"], "worker 1")
        await worker.start()
        assert worker.holder.sources.digest() == good
    for connection in shards.values():
        assert [(await current(connection)).digest] == [good]


async def test_a_start_undoes_no_rollback_where_its_shard_knows_nothing_of_it(
    servers: dict[str, Embedded], shards: dict[str, Connection], tmp_path: Path
) -> None:
    old, new = written(tmp_path / "old", "old"), written(tmp_path / "new", "new")
    async with door(old, shards, tmp_path) as live:
        good = live.holder.sources.digest()
        await until_in_force(shards["b"], good, 1)
        servers["a"].kill()
        bad = await publish(shards["b"], new)
        await until_served(live, bad)
        await publish(shards["b"], old, "rollback to 1", aside=(bad,))
        await until_served(live, good)
        servers["a"].resume()
        async with asyncio.timeout(30):
            while live.known is None or live.known.number != 1:  # noqa: ASYNC110 - until it is compared with the one that is back
                await asyncio.sleep(0.02)
        await publish(shards["a"], new, "start")
        assert (await until_in_force(shards["a"], good, 3)).overrules == (bad,)
        assert live.holder.sources.digest() == good
    assert (await current(shards["b"])).digest == good


async def test_a_copy_of_what_is_older_is_not_taken(shards: dict[str, Connection], tmp_path: Path) -> None:
    older, newer = written(tmp_path / "older", "older"), written(tmp_path / "newer", "newer")
    async with door(newer, shards, tmp_path) as live:
        digest = live.holder.sources.digest()
        await until_in_force(shards["b"], digest, 1)
        assert live.known is not None
        late = live.known.origin - 1
        await publish(shards["b"], older, "shard", origin=late)  # of a door that has not heard of the newer one
        await until_in_force(shards["b"], digest, 3)
        assert live.holder.sources.digest() == digest
        assert (await current(shards["a"])).number == 1
        written(older, "newest")
        newest = await publish(shards["b"], older, "shard", origin=live.known.origin + 1)
        await until_in_force(shards["a"], newest, 2)


async def test_a_publication_that_comes_late_overwrites_nothing(shards: dict[str, Connection], tmp_path: Path) -> None:
    versions, packed = ConfigVersions(shards["b"]), b"packed"
    assert await versions.publish("one", packed, by="d", why="shard", accounts=1, base=0) == (1, True)
    assert await versions.publish("two", packed, by="d", why="shard", accounts=1, base=0) == (0, False)
    assert await versions.publish("two", packed, by="d", why="shard", accounts=1, base=1) == (2, True)
    assert (await current(shards["b"])).digest == "two"


PINNED = MAPPING.replace("domain: retail,", "domain: retail, shard: {shard},")


async def test_a_folder_that_lacks_the_pin_of_a_move_is_not_put_in_force(
    shards: dict[str, Connection], servers: dict[str, Embedded], tmp_path: Path
) -> None:
    """It names a shard that the account has left, and is none of those that the move set aside."""
    old, moved = written(tmp_path / "old", "newer words"), written(tmp_path / "moved", "old words")
    (old / "chatwoot_mapping.yaml").write_text(PINNED.replace("{shard}", "a"))
    (moved / "chatwoot_mapping.yaml").write_text(PINNED.replace("{shard}", "b"))
    digest = await publish(shards["a"], moved)
    await publish(shards["b"], moved)
    await shards["a"].set(keys.moved("1"), "left b")
    names = ",".join(f"{name}={server.url}" for name, server in servers.items())
    environ = {**SECRETS, "CHATWOOTAI_REDIS_SHARDS": names, "JOURNAL_DIR": str(tmp_path / "journal")}
    of_door = {name: connect(server.url, shard=name) for name, server in servers.items()}
    live = Live(old, environ, of_door["a"], "ingress 1")
    live.join({"b": of_door["b"]})
    await live.start()
    assert [each.rule for each in live.holder.problems] == ["moved"]
    assert live.holder.snapshot.accounts["1"].shard == "b"
    task = asyncio.create_task(live.run())
    try:
        (old / "domains/retail/shop/config.yaml").write_text("tone: an edit\n")
        async with asyncio.timeout(10):
            while live.holder.seen == gather(moved, {}) or live.holder.edited:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        await until_served(live, digest)
        for connection in shards.values():
            assert (await current(connection)).digest == digest
        (old / "chatwoot_mapping.yaml").write_text(PINNED.replace("{shard}", "b"))
        edited = str(gather(old, {}).digest())
        for connection in shards.values():
            await until_in_force(connection, edited, 2)
        assert live.holder.problems == ()
    finally:
        await ended(task)
        for connection in of_door.values():
            await connection.aclose()

"""One door of two shards: an account's deliveries go to its own Redis; one that is away costs the other nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import unpack_delivery
from chatwootai.stores.installation.event_stream import EventStream
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from tests.door import SECRET, Process, Visitor, configuration, message, process, signed

ACCOUNTS = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts:
  "1": {domain: retail, webhook_secrets: ["${DOOR_SECRET}"], bot_token: "${DOOR_TOKEN}", shard: a}
  "2": {domain: retail, webhook_secrets: ["${DOOR_SECRET}2"], bot_token: "${DOOR_TOKEN}", shard: b}
"""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Embedded]]:
    with Embedded.start(tmp_path / "redis-a") as one, Embedded.start(tmp_path / "redis-b") as two:
        yield {"a": one, "b": two}


@pytest.fixture
def door(tmp_path: Path, servers: dict[str, Embedded]) -> Iterator[Process]:
    with started(tmp_path, servers) as found:
        yield found


@contextmanager
def started(tmp_path: Path, servers: dict[str, Embedded], accounts: str = ACCOUNTS) -> Iterator[Process]:
    """A door of these shards; one without a name is REDIS_URL's."""
    shards = ",".join(f"{name}={server.url}" for name, server in servers.items() if name)
    only = servers[""].url if "" in servers else "redis://127.0.0.1:1"
    folder = tmp_path / "configuration"
    environ = configuration(folder)
    (folder / "chatwoot_mapping.yaml").write_text(accounts)
    with process(tmp_path, only, **environ, CHATWOOTAI_REDIS_SHARDS=shards) as found:
        yield found


@asynccontextmanager
async def visiting(door: Process) -> AsyncIterator[Visitor]:
    async with ClientSession() as session:
        yield Visitor(session, door.url)


async def deliver(visitor: Visitor, number: int, account: int) -> None:
    body = message(number, account={"id": account})
    secret = SECRET if account == 1 else f"{SECRET}2"
    raw = json.dumps(body).encode()
    answer = await visitor.post(raw, to=str(account), headers=signed(raw, secret))
    assert (answer.status, answer.body) == (200, {"status": "accepted"})


async def waiting(server: Embedded, account: int) -> list[int]:
    connection = connect(server.url)
    try:
        box: list[Any] = await connection.zrange(keys.box(keys.conv(str(account), 25)), 0, -1)
        return [unpack_delivery(entry).message.id for entry in box]
    finally:
        await connection.aclose()


async def until(server: Embedded, account: int, numbers: list[int]) -> None:
    async with asyncio.timeout(20):
        while await waiting(server, account) != numbers:  # noqa: ASYNC110 - a door calls nobody
            await asyncio.sleep(0.05)


async def test_a_shard_that_is_away_costs_the_other_nothing(
    door: Process, servers: dict[str, Embedded], tmp_path: Path
) -> None:
    async with visiting(door) as visitor:
        await deliver(visitor, 1, account=1)
        await deliver(visitor, 2, account=2)
        for name, account in (("a", 1), ("b", 2)):
            assert await waiting(servers[name], account) == [account]
            assert await waiting(servers[name], 3 - account) == []
        checks = (await visitor.get("/readyz")).body["checks"]
        assert {"redis a", "redis b", "journal a", "journal b", "mailboxes a", "mailboxes b"} <= set(checks)

        servers["b"].kill()
        await deliver(visitor, 3, account=1)
        await deliver(visitor, 4, account=2)
        await deliver(visitor, 5, account=2)
        assert await waiting(servers["a"], 1) == [1, 3]
        assert sum(file.stat().st_size for file in (tmp_path / "journal/b").iterdir()) > 0
        assert sum(file.stat().st_size for file in (tmp_path / "journal/a").iterdir()) == 0
        ready = await visitor.get("/readyz")
        assert (ready.status, ready.body["status"]) == (200, "degraded")
        assert ready.body["checks"]["redis a"]["status"] == "ok"
        assert ready.body["checks"]["redis b"]["status"] == "degraded"
        metrics = str((await visitor.get("/metrics")).body)
        assert 'chatwootai_redis_up{shard="a"} 1.0' in metrics
        assert 'chatwootai_redis_up{shard="b"} 0.0' in metrics
        assert 'chatwootai_journal_records{shard="b"} 2.0' in metrics
        assert door.line("redis_away")["shard"] == "b"

        servers["b"].resume()
        await until(servers["b"], 2, [2, 4, 5])
        assert await waiting(servers["a"], 2) == []
        back = await asyncio.to_thread(door.line, "redis_back")
        assert (back["shard"], back["records"]) == ("b", 0)


async def test_log_lines_are_kept_on_the_shard_of_their_account(door: Process, servers: dict[str, Embedded]) -> None:
    async with visiting(door) as visitor:
        await deliver(visitor, 1, account=1)
        await deliver(visitor, 2, account=2)
    for name, account in (("a", "1"), ("b", "2")):
        connection = connect(servers[name].url)
        stream, found = EventStream(connection), set[str]()
        async with asyncio.timeout(20):
            while account not in found:
                found |= {str(line["account"]) for line in await stream.read(1.0) if line["event"] == "accepted"}
                await asyncio.sleep(0.05)
        await connection.aclose()
        assert found == {account}


@pytest.mark.parametrize("named", ["several", "one", "none"])
async def test_what_waits_for_a_shard_that_is_named_no_more_goes_where_its_account_lives(
    door: Process, servers: dict[str, Embedded], tmp_path: Path, named: str
) -> None:
    servers["b"].kill()
    async with visiting(door) as visitor:
        await deliver(visitor, 1, account=2)
    await asyncio.to_thread(door.kill)
    with started(tmp_path / "journal", servers) as replica:  # its journals lie in a folder of the first one's
        async with visiting(replica) as visitor:
            await deliver(visitor, 2, account=2)
        await asyncio.to_thread(replica.kill)
    assert [len([*(tmp_path / place).glob("*.journal")]) for place in ("journal/b", "journal/journal/b")] == [1, 1]
    servers["b"].resume()
    now = {
        "several": ({"a": servers["a"], "c": servers["b"]}, ACCOUNTS.replace("shard: b", "shard: c")),
        "one": ({"c": servers["b"]}, ACCOUNTS.replace("shard: a", "shard: c").replace("shard: b", "shard: c")),
        "none": ({"": servers["b"]}, ACCOUNTS),
    }
    with started(tmp_path, *now[named]):
        await until(servers["b"], 2, [1, 2])
    assert await waiting(servers["a"], 2) == []

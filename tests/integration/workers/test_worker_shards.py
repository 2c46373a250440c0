"""`python -m workers` of two shards: a child process for each, through real processes and two real Redis."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatwootai.stores.installation.processes import Processes
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from sandbox.installation.processes import free_ports
from tests.integration.workers.test_worker_setup import environment, started

ACCOUNTS = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts:
  "1": {domain: retail, webhook_secrets: ["${SECRET}"], bot_token: "${TOKEN}", shard: a}
  "2": {domain: retail, webhook_secrets: ["${SECRET}x"], bot_token: "${TOKEN}", shard: b}
  "3": {domain: retail, webhook_secrets: ["${SECRET}y"], bot_token: "${TOKEN}", shard: b}
"""


class Lines:
    """The log lines of a process and its children, as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._seen: list[dict[str, Any]] = []

    async def have(self, event: str, count: int = 1, **values: object) -> list[dict[str, Any]]:
        """Return the first lines of an event with these values, once there are so many."""
        async with asyncio.timeout(90):
            while len(found := self._of(event, values)) < count:
                assert self._process.stderr is not None
                line = await self._process.stderr.readline()
                assert line, self._seen
                if line.startswith(b"{"):
                    self._seen.append(json.loads(line))
        return found[:count]

    def _of(self, event: str, values: dict[str, object]) -> list[dict[str, Any]]:
        return [each for each in self._seen if each["event"] == event and values.items() <= each.items()]


@pytest.fixture
async def redis_of(tmp_path: Path) -> AsyncIterator[dict[str, Embedded]]:
    with Embedded.start(tmp_path / "a") as one, Embedded.start(tmp_path / "b") as two:
        yield {"a": one, "b": two}


async def test_each_shard_has_a_child_that_comes_back_and_ends_in_good_order(
    tmp_path: Path, redis_of: dict[str, Embedded]
) -> None:
    shards = ",".join(f"{name}={server.url}" for name, server in redis_of.items())
    port = free_ports(2)
    given = environment(tmp_path / "config", CHATWOOTAI_REDIS_SHARDS=shards, WORKER_METRICS_PORT=str(port))
    (tmp_path / "config/chatwoot_mapping.yaml").write_text(ACCOUNTS)
    worker = await started(given)
    lines = Lines(worker)
    try:
        first, second = await lines.have("shard_worker_started", count=2)
        assert {(each["shard"], each["port"]) for each in (first, second)} == {("a", port), ("b", port + 1)}
        for shard, accounts in (("a", 1), ("b", 2)):  # each child's lines name its shard, and it has its accounts alone
            await lines.have("ready", shard=shard, accounts=accounts)
        for each in (0, 1):
            assert await _ready(port + each)
        for name, server in redis_of.items():  # each is present on its own shard
            assert [each.version for each in await _present(server.url)] == [1], name

        os.kill(next(each["pid"] for each in (first, second) if each["shard"] == "b"), signal.SIGKILL)
        (ended,) = await lines.have("shard_worker_ended")
        assert (ended["shard"], ended["code"]) == ("b", -signal.SIGKILL)
        *_, anew = await lines.have("shard_worker_started", count=2, shard="b")
        await lines.have("ready", count=2, shard="b")
    finally:
        worker.terminate()
        code = await asyncio.wait_for(worker.wait(), 30)
    assert code == 0
    for pid in (first["pid"], second["pid"], anew["pid"]):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_where_no_child_can_start_the_whole_ends_as_one_worker_does(
    tmp_path: Path, redis_of: dict[str, Embedded]
) -> None:
    shards = ",".join(f"{name}={server.url}" for name, server in redis_of.items())
    given = environment(tmp_path / "config", CHATWOOTAI_REDIS_SHARDS=shards, WORKER_METRICS_PORT="0")
    (tmp_path / "config/chatwoot_mapping.yaml").write_text("version: 1\n")
    worker = await started(given)
    _, said = await asyncio.wait_for(worker.communicate(), 90)
    assert worker.returncode == 2, said
    assert b"names no account" in said


async def _ready(port: int) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as response:
        return response.status == 200


async def _present(url: str) -> list[Any]:
    connection = connect(url)
    try:
        return await Processes(connection).all()
    finally:
        await connection.aclose()

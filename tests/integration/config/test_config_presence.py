"""Every process says that it lives and what it serves; operators see who refuses, who differs and who is gone."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.installation.processes import GONE_SECONDS, Process, Processes
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.server_check import check_server
from config.live.live import Live
from ops.versions.processes import status
from tests.commands import program
from tests.integration.config.test_config_published import CANARIES, edit, folder, process, running

__all__ = ["folder"]


async def heard(redis: Connection, name: str, **wanted: object) -> dict[str, Any]:
    """Wait until a process says what is wanted of it."""
    async with asyncio.timeout(20):
        while True:
            found = await status(ConfigVersions(redis))
            for one in found["processes"]:
                if one["name"] == name and wanted.items() <= one.items():
                    return {**found, "one": one}
            await asyncio.sleep(0.02)


async def test_a_full_redis_makes_no_process_look_dead(redis: Connection) -> None:
    said = Process(
        name="worker a", kind="worker", host="h", pid=1, release="1", started=1.0, seen=time.time(), version=1,
        digest="d", effective="e", refused=0, warming=True,
    )  # fmt: skip
    await redis.config_set("maxmemory", "1")
    try:
        await Processes(redis).report(said)
        found = await check_server(redis)
    finally:
        await redis.config_set("maxmemory", "0")
    assert await Processes(redis).all() == [said]
    assert found is not None
    assert any("it is full" in trouble for trouble in found.troubles)


async def test_processes_that_agree_refuse_differ_and_are_gone(folder: Path, tmp_path: Path, redis: Connection) -> None:
    door, worker = process(folder, redis, tmp_path, "ingress a"), process(folder, redis, tmp_path, "worker b")
    poor = Live(folder, {**CANARIES, "TOKEN": "other", "JOURNAL_DIR": str(tmp_path / "j")}, redis, "worker c")
    async with running(door), running(worker):
        await heard(redis, "ingress a", version=1)
        found = await heard(redis, "worker b", version=1, trouble="", gone=False)
        assert found["agree"]
        async with running(poor):
            found = await heard(redis, "worker c", trouble="its secrets differ from the other processes'")
            assert not found["agree"]
        edit(folder, "[broken")
        found = await heard(redis, "worker b", refused=1, trouble="refuses its folder")
        assert "config.yaml" in found["one"]["problems"][0]
        assert "canary-" not in json.dumps(found)
        edit(folder, "second")
        await heard(redis, "worker b", refused=0, version=2, trouble="")
    left = await Processes(redis).all()
    assert left == []  # each said goodbye


async def test_of_two_that_differ_neither_is_the_one_to_blame(folder: Path, tmp_path: Path, redis: Connection) -> None:
    poor = Live(folder, {**CANARIES, "TOKEN": "other", "JOURNAL_DIR": str(tmp_path / "j")}, redis, "worker c")
    async with running(process(folder, redis, tmp_path, "ingress a")), running(poor):
        for name in ("ingress a", "worker c"):
            await heard(redis, name, trouble="its secrets differ from another's: one of them has the wrong ones")


async def test_a_silent_process_is_gone_and_then_forgotten(folder: Path, tmp_path: Path, redis: Connection) -> None:
    live = process(folder, redis, tmp_path, "worker b")
    await live.start()
    said = live.presence.now()
    for silent, gone in ((0, False), (GONE_SECONDS + 1, True)):
        await Processes(redis).report(_seen_before(said, silent))
        (one,) = await Processes(redis).all()
        assert one.gone is gone
    await Processes(redis).report(_seen_before(said, 86_401))
    assert await Processes(redis).all() == []
    assert await redis.hlen("cw:processes") == 0  # type: ignore[misc] - redis-py's union of both clients


def _seen_before(said: Any, seconds: float) -> Any:
    from dataclasses import replace

    return replace(said, seen=said.seen - seconds)


async def test_the_verb_says_it(folder: Path, tmp_path: Path, redis: Connection, redis_url: str) -> None:
    async with running(process(folder, redis, tmp_path, "worker b")):
        await heard(redis, "worker b", version=1)
        environ = {**os.environ, **CANARIES, "REDIS_URL": redis_url}

        def verb(*more: str) -> subprocess.CompletedProcess[str]:
            command = [*program(), "config", "status", *more]
            return subprocess.run(command, check=False, env=environ, capture_output=True, text=True, timeout=60)

        done = await asyncio.to_thread(verb)
        assert (done.returncode, done.stderr) == (0, "")
        assert "in force: version 1 (start)" in done.stdout
        assert "worker b" in done.stdout
        edit(folder, "[broken")
        await heard(redis, "worker b", refused=1)
        told = await asyncio.to_thread(verb, "--json")
        assert told.returncode == 1
        assert json.loads(told.stdout)["processes"][0]["problems"]

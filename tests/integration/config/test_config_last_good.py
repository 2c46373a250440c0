"""A process whose folder has problems starts with the last good configuration, says so, and mends itself."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.telemetry.http import Status
from config.document.problems import ConfigurationError
from config.live.live import Live
from tests.integration.config.test_config_published import CANARIES, edit, folder, process, running, tone, until

__all__ = ["folder"]


def break_it(folder: Path) -> None:
    edit(folder, "[broken")


async def test_a_broken_folder_gives_way_to_what_is_in_force(folder: Path, tmp_path: Path, redis: Connection) -> None:
    await process(folder, redis, tmp_path).start()
    break_it(folder)
    async with running(process(folder, redis, tmp_path)) as live:
        assert tone(live) == "first"
        check = await live.check()
        assert check.status is Status.DEGRADED
        assert "config.yaml" in json.dumps(check.near)
        assert "config.yaml" not in json.dumps(check.detail)
        current = await ConfigVersions(redis).current()
        assert current is not None
        assert (current.number, live.version) == (1, 1)
        edit(folder, "mended")
        await until(live, "mended")
        assert (await live.check()).status is Status.OK
        async with asyncio.timeout(10):  # word of it goes to Redis after it is in force
            while live.version != 2:  # noqa: ASYNC110 - a number, which no event tells of
                await asyncio.sleep(0.01)


async def test_strict_and_a_first_start_do_not_start(folder: Path, tmp_path: Path, redis: Connection) -> None:
    break_it(folder)
    with pytest.raises(ConfigurationError):
        await process(folder, redis, tmp_path).start()
    edit(folder, "first")
    await process(folder, redis, tmp_path).start()
    break_it(folder)
    environ = {**CANARIES, "JOURNAL_DIR": str(tmp_path / "journal")}
    with pytest.raises(ConfigurationError):
        await Live(folder, environ, redis, "strict", strict=True).start()
    assert tone(await started(process(folder, redis, tmp_path))) == "first"


async def started(live: Live) -> Live:
    await live.start()
    return live


async def test_without_redis_the_copy_on_disk_serves_and_what_redis_has_is_taken_later(
    folder: Path, tmp_path: Path, redis: Connection, redis_url: str
) -> None:
    await process(folder, redis, tmp_path).start()
    nowhere = connect("redis://127.0.0.1:1/0")
    break_it(folder)
    assert tone(await started(process(folder, nowhere, tmp_path))) == "first"
    with pytest.raises(ConfigurationError):  # another folder's copy is none of ours
        await process(tmp_path / "other", nowhere, tmp_path).start()
    await nowhere.aclose()


async def test_a_variable_that_a_process_lacks_leaves_it_with_the_version_before(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    await process(folder, redis, tmp_path).start()
    mapping = folder / "chatwoot_mapping.yaml"
    mapping.write_text(mapping.read_text().replace('"${TOKEN}"}', '"${TOKEN}", user_token: "${LATER}"}'))
    live = await started(process(folder, redis, tmp_path))
    assert live.snapshot.accounts["1"].user_token is None
    assert "LATER" in json.dumps((await live.check()).near)


async def test_a_refused_edit_stays_refused_while_secrets_files_are_read_again(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    secret = tmp_path / "token"
    secret.write_text("canary-token")
    mapping = folder / "chatwoot_mapping.yaml"
    mapping.write_text(mapping.read_text().replace("${TOKEN}", f"${{file:{secret}}}"))
    live = await started(process(folder, redis, tmp_path))
    break_it(folder)
    assert not live.holder.reload()
    assert live.holder.problems
    secret.write_text("canary-token-2")
    assert live.holder.reload()
    assert live.holder.problems
    edit(folder, "mended")
    assert live.holder.reload()
    assert not live.holder.problems


@pytest.fixture
def environ(folder: Path, tmp_path: Path, redis_url: str) -> dict[str, str]:
    return {
        **os.environ, **CANARIES, "CHATWOOTAI_CONFIG": str(folder), "REDIS_URL": redis_url, "LOG_FORMAT": "json",
        "JOURNAL_DIR": str(tmp_path / "journal"), "INGRESS_PORT": "0", "INGRESS_HOST": "127.0.0.1",
    }  # fmt: skip


def until_it_listens(command: list[str], environ: dict[str, str]) -> list[dict[str, object]]:
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(json.loads(line))
            if lines[-1]["event"] == "listening":
                break
        process.send_signal(signal.SIGKILL)
    return lines


async def test_real_processes_survive_a_broken_file_and_a_crash(
    folder: Path, environ: dict[str, str], redis: Connection
) -> None:
    command = [sys.executable, "-m", "ingress"]
    until_it_listens(command, environ)
    break_it(folder)
    (said,) = [each for each in until_it_listens(command, environ) if each["event"] == "config_last_good"]
    assert "config.yaml" in str(said["problems"])
    strict = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this loop
        [*command, "--strict"], check=False, env=environ, capture_output=True, text=True, timeout=60
    )
    assert strict.returncode == 2
    assert "config.yaml" in strict.stderr

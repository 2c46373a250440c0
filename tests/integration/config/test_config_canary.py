"""A canary in the processes that follow it: begun by the verb, loaded beside, refused, ended; what stays in force."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatwootai.stores.installation.canaries import Canaries, Canary, CannotStart, Over, Result
from chatwootai.stores.installation.config_versions import KEPT, ConfigVersions
from chatwootai.stores.installation.incidents import Incidents, Kind
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.embedded import Embedded
from chatwootai.telemetry.tasks import ended
from config.files.sources import gather
from config.live.live import Live
from ops.access import CommandError, NotFound
from ops.versions.canaries import start_canary, stop_canary
from ops.versions.publishing import roll_back

MAPPING = """\
version: 1
chatwoot: {default: {url: "http://c"}}
accounts:
  "1": {domain: retail, tenant: shop, webhook_secrets: ["${SECRET}"], bot_token: "${TOKEN}"}
"""
Cli = Callable[..., "asyncio.Future[subprocess.CompletedProcess[str]]"]


def written(place: Path, tone: str, *, token: str = "${TOKEN}") -> Path:
    (place / "domains/retail/shop").mkdir(parents=True, exist_ok=True)
    (place / "chatwoot_mapping.yaml").write_text(MAPPING.replace("${TOKEN}", token))
    (place / "domains/retail/shop/config.yaml").write_text(f"tone: {tone}\n")
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "machine", "first")


@pytest.fixture
def cli(redis_server: Embedded) -> Cli:
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": str(redis_server.url), "USER": "ana"}

    async def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ops.cli", *words]
        return await asyncio.to_thread(
            subprocess.run, command, check=False, env=environ, capture_output=True, text=True, timeout=60
        )

    return call  # type: ignore[return-value]  # a coroutine, which is awaited like a future


@asynccontextmanager
async def worker(folder: Path, redis: Connection, home: Path, name: str = "worker a") -> AsyncIterator[Live]:
    environ = {"SECRET": "s", "TOKEN": "t", "JOURNAL_DIR": str(home / "journal")}
    live = Live(folder, environ, redis, name, canaries=True)
    await live.start()
    task = asyncio.create_task(live.run())
    try:
        yield live
    finally:
        await ended(task)


def tones(live: Live) -> tuple[str, str | None]:
    """The tone in force, and the canary's."""
    canary = live.canary.now if live.canary else None
    own = canary.snapshot.accounts["1"].settings.tone if canary else None
    return live.snapshot.accounts["1"].settings.tone, own


def token(live: Live) -> str | None:
    """The canary's bot token."""
    canary = live.canary.now if live.canary else None
    return canary.snapshot.accounts["1"].bot_token.reveal() if canary else None


async def until(live: Live, in_force: str, canary: str | None) -> None:
    async with asyncio.timeout(20):
        while tones(live) != (in_force, canary):  # noqa: ASYNC110 - a canary has no event
            await asyncio.sleep(0.02)


async def begin(redis: Connection, folder: Path) -> None:
    terms = {"share": 5_000, "account": "", "inbox": None, "until": time.time() + 600, "rules": []}
    await start_canary(ConfigVersions(redis), gather(folder, {}), terms)


async def agreed(_: object) -> bool:
    return True


async def newest(redis: Connection) -> Canary:
    found = await Canaries(redis).newest()
    assert found is not None
    return found


async def over(redis: Connection) -> Over:
    found = (await newest(redis)).over
    assert found is not None
    return found


async def test_it_stands_beside_what_is_in_force_until_it_is_promoted(
    folder: Path, tmp_path: Path, redis: Connection, cli: Cli
) -> None:
    trial = written(tmp_path / "next", "second")
    async with worker(folder, redis, tmp_path) as live:
        nobody = await cli("config", "publish", "--config", str(trial), "--canary", "10%", "--account", "11")
        assert (nobody.returncode, "there is no account 11" in nobody.stderr) == (3, True)
        begun = await cli(
            "config", "publish", "--config", str(trial), "--canary", "10%", "--account", "1", "--for", "2h"
        )
        assert begun.returncode == 0, begun.stderr
        assert "it answers 10 % of the conversations of account 1" in begun.stdout
        await until(live, "first", "second")
        assert live.version == 1
        async with worker(tmp_path / "nowhere", redis, tmp_path, "worker b") as late:
            assert tones(late) == ("first", "second")
        async with worker(trial, redis, tmp_path / "other", "worker c") as deployed:
            assert tones(deployed) == ("first", "second")  # a folder that says just this waits for the verdict
        broken = written(tmp_path / "broken", "second\nemoji: no")
        refused = await cli("config", "publish", "--config", str(broken), "--canary", "10%")
        assert (refused.returncode, "config.yaml:2" in refused.stdout + refused.stderr) == (1, True)
        with pytest.raises(CommandError, match="a canary runs already"):
            await begin(redis, trial)
        shown = json.loads((await cli("config", "canary", "--json")).stdout)
        assert (shown["state"], shown["version"], shown["base"], shown["share"]) == ("running", 2, 1, 0.1)
        assert shown["rules"] == ["handoffs>base", "failures>base", "slow>base"]
        assert 7000 < shown["until"] - time.time() <= 7200
        promoted = await cli("config", "canary", "promote", "--yes")
        assert promoted.returncode == 0, promoted.stderr
        await until(live, "second", None)
    assert (await over(redis)).result is Result.PROMOTED
    history = await ConfigVersions(redis).history()
    assert [one.why for one in history] == ["canary 2 promoted", "canary 10 %", "start"]
    audit = json.loads((await cli("audit", "--json")).stdout)
    assert {one["what"] for one in audit} == {"publish", "canary"}


async def test_stopping_a_rollback_and_an_edit_end_it(folder: Path, tmp_path: Path, redis: Connection) -> None:
    trial = written(tmp_path / "next", "second")
    async with worker(folder, redis, tmp_path) as live:
        await begin(redis, trial)
        await until(live, "first", "second")
        await stop_canary(redis)
        await until(live, "first", None)
        with pytest.raises(NotFound, match="no canary runs"):
            await stop_canary(redis)
        await begin(redis, trial)
        await until(live, "first", "second")
        await roll_back(ConfigVersions(redis), 1, agreed)
        await until(live, "first", None)
        assert (await over(redis)).why == "version 4: rollback to 1"
        await begin(redis, trial)
        await until(live, "first", "second")
        written(folder, "third")
        await until(live, "third", None)
        assert (await over(redis)).result is Result.REPLACED


async def test_it_reads_its_secrets_again(folder: Path, tmp_path: Path, redis: Connection) -> None:
    secret = tmp_path / "token"
    secret.write_text("old")
    trial = written(tmp_path / "next", "second", token=f"${{file:{secret}}}")
    async with worker(folder, redis, tmp_path) as live:
        await begin(redis, trial)
        await until(live, "first", "second")
        secret.unlink()  # as it is between two of its values, or as long as nobody may read it
        assert live.canary is not None
        await live.canary.read_secrets_again(live.holder)
        assert tones(live) == ("first", "second")
        secret.write_text("new")
        async with asyncio.timeout(20):
            while token(live) != "new":  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.05)
        assert tones(live) == ("first", "second")


async def test_a_worker_that_cannot_load_it_ends_it_for_all(folder: Path, tmp_path: Path, redis: Connection) -> None:
    unset = written(tmp_path / "unset", "second", token="${NOBODY_SET_THIS}")
    async with worker(folder, redis, tmp_path) as live:
        await begin(redis, unset)
        async with asyncio.timeout(20):
            while (await newest(redis)).over is None:  # noqa: ASYNC110 - what Redis says has no event
                await asyncio.sleep(0.02)
        ending = await over(redis)
        assert (ending.result, ending.by) == (Result.REFUSED, "worker a")
        assert "NOBODY_SET_THIS" in ending.why
        assert tones(live) == ("first", None)
        (incident,) = await Incidents(redis).all()
        assert (incident.kind, incident.subject) == (Kind.CANARY, "2")
        written(folder, "third")
        await until(live, "third", None)
        async with asyncio.timeout(20):
            while live.version != 3:  # noqa: ASYNC110 - a version has no event
                await asyncio.sleep(0.02)
        assert await Incidents(redis).all() == []  # what it was about is no more


async def test_however_many_trials_the_version_in_force_is_kept(
    folder: Path, redis: Connection, tmp_path: Path
) -> None:
    async with worker(folder, redis, tmp_path):
        pass
    canaries, versions = Canaries(redis), ConfigVersions(redis)
    terms = {"share": 100, "account": "", "inbox": None, "until": time.time() + 60, "rules": []}
    for number in range(KEPT + 3):
        base = await versions.current()
        assert base is not None
        version = await canaries.start(f"digest {number}", b"packed", terms, base, by="ana", why="canary", accounts=1)
        await canaries.end(version, Result.STOPPED, by="ana")
    assert await versions.read(1) is not None
    assert len(await versions.history()) == KEPT + 1
    with pytest.raises(CannotStart, match="another version"):
        await canaries.start("other", b"", terms, type(base)(9, "", 0, "", "", 0), by="ana", why="", accounts=1)

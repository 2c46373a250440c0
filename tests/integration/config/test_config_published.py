"""Configurations in Redis: published once, adopted by whoever has no folder, kept on disk, rolled back; no secret."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from chatwootai.stores.installation.config_versions import KEPT, ConfigVersion, ConfigVersions
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from chatwootai.telemetry.http import Status
from chatwootai.telemetry.tasks import ended
from config.document.problems import ConfigurationError
from config.files.packing import CannotDecrypt, pack, unpack
from config.files.sources import gather
from config.live.live import Live
from tests.commands import program

MAPPING = """\
version: 1
chatwoot: {default: {url: "http://c"}}
accounts:
  "1": {domain: retail, tenant: shop, webhook_secrets: ["${SECRET}"], bot_token: "${TOKEN}"}
"""
CANARIES = {"SECRET": "canary-secret", "TOKEN": "canary-token"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "machine-1"
    (found / "domains/retail/shop").mkdir(parents=True)
    (found / "chatwoot_mapping.yaml").write_text(MAPPING)
    edit(found, "first")
    return found


def edit(folder: Path, tone: str) -> None:
    (folder / "domains/retail/shop/config.yaml").write_text(f"tone: {tone}\n")


def process(folder: Path, connection: Connection, home: Path, name: str = "worker") -> Live:
    return Live(folder, {**CANARIES, "JOURNAL_DIR": str(home / "journal")}, connection, name)


@asynccontextmanager
async def running(live: Live) -> AsyncIterator[Live]:
    await live.start()
    task = asyncio.create_task(live.run())
    try:
        yield live
    finally:
        await ended(task)


async def current(redis: Connection) -> ConfigVersion:
    found = await ConfigVersions(redis).current()
    assert found is not None
    return found


def tone(live: Live) -> str:
    return live.snapshot.accounts["1"].settings.tone


async def until(live: Live, wanted: str) -> None:
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    live.listen(lambda _: loop.call_soon_threadsafe(heard.set))
    async with asyncio.timeout(10):
        while tone(live) != wanted:
            await heard.wait()
            heard.clear()


async def test_a_process_without_the_folder_starts_from_redis_and_follows(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    nowhere = process(tmp_path / "nowhere", redis, tmp_path)
    async with running(process(folder, redis, tmp_path)), running(nowhere) as other:
        assert tone(other) == "first"
        edit(folder, "second")
        await until(other, "second")
        assert other.snapshot.accounts["1"].bot_token.reveal() == "canary-token"


async def test_without_folder_and_redis_it_starts_from_its_last_copy_or_not_at_all(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    async with running(process(folder, redis, tmp_path)), running(process(tmp_path / "no", redis, tmp_path)) as other:
        copy = other.copy
    assert copy.stat().st_mode & 0o777 == 0o600
    away = connect(f"unix://{tmp_path}/nobody.sock")
    alone = process(tmp_path / "no", away, tmp_path)
    await alone.start()
    assert tone(alone) == "first"
    copy.write_bytes(b"torn")
    with pytest.raises(ConfigurationError, match="broken-copy"):
        await process(tmp_path / "no", away, tmp_path).start()
    copy.unlink()
    with pytest.raises(ConfigurationError, match="missing-folder"):
        await process(tmp_path / "no", away, tmp_path).start()
    await away.aclose()


async def test_a_folder_starts_without_redis_and_is_published_when_that_is_back(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    away = connect(f"unix://{tmp_path}/nobody.sock")
    alone = process(folder, away, tmp_path)
    await alone.start()
    assert tone(alone) == "first"
    assert await ConfigVersions(redis).current() is None
    await away.aclose()
    async with running(process(folder, redis, tmp_path)) as live:
        current = await ConfigVersions(redis).current()
        assert current is not None
        assert (current.number, current.why, live.version) == (1, "start", 1)


async def test_what_is_in_force_everywhere_is_published_once(folder: Path, tmp_path: Path, redis: Connection) -> None:
    async with (
        running(process(folder, redis, tmp_path, "one")),
        running(process(folder, redis, tmp_path, "two")) as two,
    ):
        edit(folder, "second")
        await until(two, "second")
        async with asyncio.timeout(10):
            while two.version != 2:  # noqa: ASYNC110 - a version has no event
                await asyncio.sleep(0.02)
        assert [each.number for each in await ConfigVersions(redis).history()] == [2, 1]


GATE = "\ngate: {sets: [shop]}"


def rules(live: Live) -> list[str]:
    """Return what is wrong with the folder."""
    return [each.rule for each in live.holder.problems]


async def until_refused(live: Live, wanted: list[str]) -> None:
    async with asyncio.timeout(30):
        while rules(live) != wanted:  # noqa: ASYNC110 - a refusal has no event
            await asyncio.sleep(0.02)


async def publish(folder: Path, redis: Connection) -> None:
    """Put a folder in force as `config publish` does, once its gate is passed."""
    sources = gather(folder, {})
    await ConfigVersions(redis).publish(sources.digest(), pack(sources, {}), by="ana", why="publish", accounts=1)


async def test_a_change_that_a_gate_was_not_asked_about_waits_until_somebody_publishes_it(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    edit(folder, f"first{GATE}")
    async with running(process(folder, redis, tmp_path)) as live:
        assert (tone(live), rules(live)) == ("first", [])
        edit(folder, f"second{GATE}")
        await until_refused(live, ["gate"])
        (problem,) = live.holder.problems
        assert (problem.rule, problem.file) == ("gate", "domains/retail/shop/config.yaml")
        assert "config publish" in problem.remedy
        assert (await live.check()).status is Status.DEGRADED
        assert tone(live) == "first"
        assert (await current(redis)).number == 1

        await publish(folder, redis)
        await until(live, "second")
        assert rules(live) == []
        edit(folder, "third")  # nor does it go by taking the demand away
        await until_refused(live, ["gate"])
        edit(folder, f"second{GATE}\n# as it was")
        await until_refused(live, [])
        assert tone(live) == "second"


async def test_a_process_that_starts_with_such_a_change_serves_what_is_in_force(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    edit(folder, f"first{GATE}")
    await publish(folder, redis)
    edit(folder, f"second{GATE}")
    async with running(process(folder, redis, tmp_path)) as live:
        assert (tone(live), rules(live)) == ("first", ["gate"])
        assert (await current(redis)).number == 1
        await publish(folder, redis)
        await until(live, "second")


async def test_what_does_not_change_a_gated_accounts_answers_is_in_force_at_once(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    edit(folder, f"first{GATE}")
    async with running(process(folder, redis, tmp_path)) as live:
        mapping = MAPPING.replace("bot_token:", "priority: 7, bot_token:")
        second = MAPPING.splitlines()[-1].replace('"1"', '"2"').replace("SECRET}", "SECRET}2")
        (folder / "chatwoot_mapping.yaml").write_text(f"{mapping}{second}\n")
        async with asyncio.timeout(30):
            while "2" not in live.snapshot.accounts:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        assert live.snapshot.accounts["1"].priority == 7
        assert rules(live) == []


async def test_a_rollback_holds_over_restarts_until_the_folder_changes(
    folder: Path, tmp_path: Path, redis: Connection, redis_server: Embedded
) -> None:
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": str(redis_server.url), "CHATWOOTAI_CONFIG": str(folder)}

    def cli(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*program(), "config", *words]
        return subprocess.run(command, check=False, env=environ, capture_output=True, text=True, timeout=60)

    async with running(process(folder, redis, tmp_path)) as live:
        edit(folder, "second")
        await until(live, "second")
        differing = await asyncio.to_thread(cli, "diff", "1")
        assert "-tone: first\n+tone: second" in differing.stdout
        done = await asyncio.to_thread(cli, "rollback", "1")
        assert (done.returncode, done.stderr) == (0, "")
        await until(live, "first")
        history = (await asyncio.to_thread(cli, "history")).stdout
        assert "rollback to 1" in history.splitlines()[1]
        assert "in force" in history.splitlines()[1]
    async with running(process(folder, redis, tmp_path)) as live:
        assert tone(live) == "first"  # the folder still says second
        edit(folder, "third")
        await until(live, "third")
    assert (await asyncio.to_thread(cli, "rollback", "99")).returncode == 3


async def test_the_newest_twenty_are_kept_and_no_secret_is_in_redis(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    for number in range(KEPT + 5):
        edit(folder, f"tone {number}")
        await process(folder, redis, tmp_path).start()
    history = await ConfigVersions(redis).history()
    assert [each.number for each in history] == list(range(KEPT + 5, 5, -1))
    assert await ConfigVersions(redis).read(5) is None
    kept = b"".join([await redis.dump(key) or b"" for key in await redis.keys("cw:config:*")])
    assert len(await redis.keys("cw:config:version:*")) == KEPT
    for version in history:
        kept += repr(await ConfigVersions(redis).read(version.number)).encode()
    assert b"canary" not in kept
    unpacked = unpack(await ConfigVersions(redis).read(history[0].number) or b"", {})
    assert b"canary" not in b"".join(unpacked.folder.files.values())
    assert b"${SECRET}" in unpacked.folder.files["chatwoot_mapping.yaml"]


async def test_no_secret_of_a_comment_is_in_redis_on_disk_or_in_a_difference(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    layer = folder / "domains/retail/shop/config.yaml"
    layer.write_text("# token: canary-of-a-comment-4711\ntone: first  # sk-canary4711canary4711\n")
    async with (
        running(process(folder, redis, tmp_path)) as live,
        running(process(tmp_path / "no", redis, tmp_path)) as other,
    ):
        kept = repr(live.holder.sources) + repr(live.holder.seen) + repr(live.holder._cache._now)
        read = unpack(await ConfigVersions(redis).read(1) or b"", {})
        assert b"canary" not in b"".join(read.folder.files.values())
        assert b"tone: first  # ***" in read.folder.files["domains/retail/shop/config.yaml"]
        assert "canary-of" not in kept + repr(read) + repr(unpack(other.copy.read_bytes(), {}))
        assert live.holder.sources.digest() == read.digest() == other.holder.sources.digest()
    assert "canary-of-a-comment-4711" in layer.read_text()  # the operator's file is his own


async def test_with_a_key_versions_are_encrypted_and_every_key_of_the_list_opens_them(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    def keyed(place: Path, keys: str) -> Live:
        environ = {**CANARIES, "JOURNAL_DIR": str(tmp_path / "journal"), "CHATWOOTAI_SECRET_KEY": keys}
        return Live(place, environ, redis, "worker")

    async with running(keyed(folder, old)), running(keyed(tmp_path / "no", f"{new},{old}")) as other:
        assert tone(other) == "first"
        edit(folder, "second")
        await until(other, "second")
        sealed = [
            await ConfigVersions(redis).read(each.number) or b"" for each in await ConfigVersions(redis).history()
        ]
        for packed in (*sealed, other.copy.read_bytes()):
            assert packed.startswith(b"ENC:")
            with pytest.raises(CannotDecrypt):
                unpack(packed, {})
    for keys in ("", new):
        with pytest.raises(ConfigurationError, match="secret-key"):
            await keyed(tmp_path / "no", keys).start()


async def test_a_version_that_this_process_cannot_use_leaves_it_as_it_is(
    folder: Path, tmp_path: Path, redis: Connection
) -> None:
    poor = Live(tmp_path / "no", {"SECRET": "s", "JOURNAL_DIR": str(tmp_path / "j")}, redis, "poor")
    async with running(process(folder, redis, tmp_path)):
        with pytest.raises(ConfigurationError, match="unset-variable"):
            await poor.start()

"""Hot reload with real files and real events: good edits take effect, bad ones change nothing."""

import asyncio
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.document.problems import ConfigurationError
from config.live.holder import Holder
from config.live.watch import watch

pytestmark = pytest.mark.alone

Save = Callable[[Path, str], None]
ENVIRONMENT = {"SECRET": "s", "TOKEN": "t"}
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://c"}}
accounts:
  "1": {domain: retail, tenant: shop, webhook_secrets: ["${SECRET}"], bot_token: "${TOKEN}"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
    (tmp_path / "domains/retail/shop").mkdir(parents=True)
    (tmp_path / "domains/retail/shop/config.yaml").write_text("tone: first\n")
    return tmp_path


@asynccontextmanager
async def watching(holder: Holder, poll: float = 0.3) -> AsyncIterator[asyncio.Queue[bool]]:
    """The reports of a running watcher."""
    reports: asyncio.Queue[bool] = asyncio.Queue()
    stop = asyncio.Event()
    task = asyncio.create_task(watch(holder, lambda _, swapped: reports.put_nowait(swapped), stop, poll=poll))
    try:
        yield reports
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


def _tone(holder: Holder) -> str:
    return holder.snapshot.accounts["1"].settings.tone


async def test_a_good_edit_is_in_force_at_once(folder: Path) -> None:
    holder = Holder(folder, ENVIRONMENT)
    heard: list[str] = []
    holder.listen(lambda snapshot: heard.append(snapshot.digest))
    kept = holder.snapshot
    async with watching(holder) as reports:
        (folder / "domains/retail/shop/config.yaml").write_text("tone: second\n")
        assert await asyncio.wait_for(reports.get(), 30) is True
    assert _tone(holder) == "second"
    assert heard == [holder.snapshot.digest]
    assert kept.accounts["1"].settings.tone == "first"  # a turn that began before keeps what it began with


async def test_a_bad_edit_changes_nothing_and_is_reported_until_it_is_mended(folder: Path) -> None:
    holder = Holder(folder, ENVIRONMENT)
    before = holder.snapshot
    layer = folder / "domains/retail/shop/config.yaml"
    async with watching(holder) as reports:
        layer.write_text("tone: [\n")
        assert await asyncio.wait_for(reports.get(), 30) is False
        assert holder.snapshot is before
        assert [each.rule for each in holder.problems] == ["yaml"]
        layer.write_text("tone: third\n")
        assert await asyncio.wait_for(reports.get(), 30) is True
    assert holder.problems == ()
    assert _tone(holder) == "third"


def test_a_hundred_edits_a_third_of_them_broken_leave_the_last_good_one(folder: Path) -> None:
    holder = Holder(folder, ENVIRONMENT)
    layer = folder / "domains/retail/shop/config.yaml"
    for number in range(100):
        before = holder.snapshot
        broken = number % 3 == 2
        layer.write_text(f"tone: tone {number}\ngreeting: tone {number}\n" + ("emoji: maybe\n" if broken else ""))
        assert holder.reload() is not broken
        settings = holder.snapshot.accounts["1"].settings
        assert settings.tone == settings.greeting  # never half of one edit and half of another
        assert (holder.snapshot is before) is broken
    assert _tone(holder) == "tone 99"


@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_is_emptied_or_gone_is_given_time_to_be_written_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    monkeypatch.setattr("config.files.sources.RESTLESS_SECONDS", 30.0)
    holder, heard = Holder(folder, ENVIRONMENT), []
    holder.listen(lambda snapshot: heard.append(snapshot.accounts["1"].settings.tone))
    layer = folder / "domains/retail/shop/config.yaml"
    layer.unlink() if gone else layer.write_text("")
    later = threading.Timer(0.2, layer.write_text, ["tone: anew\n"])
    later.start()
    assert holder.reload() is True
    later.join()
    assert heard == ["anew"]


def test_a_file_that_stays_empty_is_taken_at_its_word(folder: Path) -> None:
    holder = Holder(folder, ENVIRONMENT)
    (folder / "domains/retail/shop/config.yaml").write_text("")
    assert holder.reload() is True
    assert _tone(holder) != "first"


def test_an_edit_that_means_the_same_swaps_nothing(folder: Path) -> None:
    holder = Holder(folder, ENVIRONMENT)
    before = holder.snapshot
    (folder / "domains/retail/shop/config.yaml").write_text("# a comment\ntone:   'first'\n")
    assert holder.reload() is False
    assert holder.snapshot is before


def test_a_broken_configuration_does_not_start(folder: Path) -> None:
    with pytest.raises(ConfigurationError):
        Holder(folder, {})


LAYER = "domains/retail/shop/config.yaml"


def _renamed(folder: Path, text: str) -> None:
    """As most editors save."""
    (folder / f"{LAYER}.tmp").write_text(text)
    (folder / f"{LAYER}.tmp").replace(folder / LAYER)


def _set_aside(folder: Path, text: str) -> None:
    """As vim saves: the old file is renamed, and a new one written."""
    (folder / LAYER).rename(folder / f"{LAYER}~")
    (folder / LAYER).write_text(text)
    (folder / f"{LAYER}~").unlink()


def _sed(folder: Path, text: str) -> None:
    subprocess.run(["sed", "-i", f"1s/.*/{text.strip()}/", str(folder / LAYER)], check=True)


def _come_and_gone(folder: Path, text: str) -> None:
    """A folder that is away for a moment, as while a volume is mounted anew."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    (aside / LAYER).write_text(text)
    aside.rename(folder)


def _replaced(folder: Path, text: str) -> None:
    """Another folder takes the place of this one, as after a checkout beside it."""
    beside = folder.with_name(f"beside-{len(list(folder.parent.iterdir()))}")
    shutil.copytree(folder, beside)
    (beside / LAYER).write_text(text)
    folder.rename(folder.with_name(f"gone-{len(list(folder.parent.iterdir()))}"))
    beside.rename(folder)


def _swapped(link: Path, text: str) -> None:
    """What a link leads to is replaced by a copy beside it, in one step; the old one goes."""
    old, new = link.resolve(), link.resolve().with_name(f"{link.resolve().name}1")
    shutil.copytree(old, new)
    (new / LAYER).write_text(text)
    link.with_name("..tmp").symlink_to(new.name)
    link.with_name("..tmp").replace(link)
    shutil.rmtree(old)


def _linked(folder: Path, text: str) -> None:
    """The folder itself is a link."""
    _swapped(folder, text)


def _mounted(folder: Path, text: str) -> None:
    """As Kubernetes mounts a ConfigMap: what is in the folder are links through `..data`."""
    _swapped(folder / "..data", text)


@pytest.fixture
def moving(folder: Path, request: pytest.FixtureRequest) -> Path:
    """The folder as the way of changing it needs it."""
    real = folder / "real" / "..v"
    real.mkdir(parents=True)
    for name in ("domains", "chatwoot_mapping.yaml"):
        (folder / name).rename(real / name)
    if request.param is _linked:
        (folder / "real/link").symlink_to("..v")
        return folder / "real/link"
    if request.param is _mounted:
        (folder / "real/..data").symlink_to("..v")
        for name in ("domains", "chatwoot_mapping.yaml"):
            (folder / "real" / name).symlink_to(f"..data/{name}")
        return folder / "real"
    return real


WAYS = [_renamed, _set_aside, _sed, _come_and_gone, _replaced, _linked, _mounted]


@pytest.mark.parametrize(("moving", "way"), [(each, each) for each in WAYS], indirect=["moving"])
async def test_every_way_of_saving_is_seen_by_its_events_again_and_again(moving: Path, way: Save) -> None:
    holder = Holder(moving, ENVIRONMENT)
    async with watching(holder, poll=3600) as reports:
        for tone in ("second", "third", "fourth"):
            await asyncio.to_thread(way, moving, f"tone: {tone}\n")
            while _tone(holder) != tone:
                await asyncio.wait_for(reports.get(), 30)
        (moving / LAYER).write_text("tone: [\n")
        while not holder.problems:
            await asyncio.wait_for(reports.get(), 30)
        (moving / LAYER).unlink()
        while holder.problems:
            await asyncio.wait_for(reports.get(), 30)
    assert _tone(holder).startswith("Cordial")  # the domain's

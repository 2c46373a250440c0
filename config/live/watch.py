"""Edits take effect without a restart: a folder that changes is read anew, whole, and swapped in one step."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

from config.live.holder import Holder

SETTLE_MS = 100
"""Quiet time before a change is read: editors write a file in several steps."""

_LINK = "..data"  # what Kubernetes swaps when a mounted ConfigMap changes

POLL_SECONDS = 5.0
"""How often the folder is read without an event: not every file system sends them, and secrets' files lie elsewhere."""


LOOK_SECONDS = 0.5
"""How often it is looked whether the folder is still the same: a link that is swapped sends no event."""


class _YamlOnly(DefaultFilter):
    """The files that configuration is made of, and folders that come and go."""

    def __call__(self, change: Change, path: str) -> bool:
        name = path.rsplit("/", maxsplit=1)[-1]
        return super().__call__(change, path) and (name.endswith((".yaml", ".yml")) or "." not in name or name == _LINK)


async def watch(
    holder: Holder, reported: Callable[[Holder, bool], None], stop: asyncio.Event, *, poll: float = POLL_SECONDS
) -> None:
    """Reload the holder on every change of its folder until `stop` is set.

    `reported(holder, swapped)` is called after each reading that changed something: the snapshot or the problems are
    the holder's. The reading is done in a thread, so that a process with ten thousand tenants goes on answering.
    """
    crews = holder.sources.crews
    folders = [holder.folder, *([crews.path] if crews else [])]
    async for _ in _changes(folders, stop, poll):
        before, sources = holder.problems, holder.sources
        swapped = await asyncio.to_thread(holder.reload)
        if swapped or holder.problems != before or holder.sources is not sources:
            reported(holder, swapped)


async def _changes(folders: list[Path], stop: asyncio.Event, poll: float) -> AsyncIterator[None]:
    """Yield after each change, and after each `poll` seconds without one.

    A folder that another one takes the place of, as a link that is swapped, is watched anew: events come from what
    stood there before.
    """
    while not stop.is_set():
        there = [each for each in folders if each.is_dir()]
        if there:
            with contextlib.suppress(FileNotFoundError):  # it went away just now
                async for _ in _watch_same_folders(there, stop, poll):
                    yield
            await asyncio.sleep(SETTLE_MS / 1000)
        else:
            try:
                await asyncio.wait_for(stop.wait(), min(poll, LOOK_SECONDS))
            except TimeoutError:
                yield


async def _watch_same_folders(folders: list[Path], stop: asyncio.Event, poll: float) -> AsyncIterator[None]:
    """As `_changes`, for as long as the same folders stand there."""
    known, read = _identities(folders), 0.0  # at first always: what came before anybody watched
    async for changes in awatch(
        *folders,
        watch_filter=_YamlOnly(),
        debounce=SETTLE_MS,
        step=SETTLE_MS // 2,
        stop_event=stop,
        rust_timeout=int(1000 * min(poll, LOOK_SECONDS)),
        yield_on_timeout=True,
    ):
        if stop.is_set():
            return
        moved = _identities(folders) != known
        if changes or moved or time.monotonic() - read >= poll:
            read = time.monotonic()
            yield
        if moved:
            return


def _identities(folders: list[Path]) -> list[tuple[int, int] | None]:
    """Return device and inode of each folder, which tell it from another that takes its place; None: it is gone."""
    found: list[tuple[int, int] | None] = []
    for folder in folders:
        try:
            status = folder.stat()
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return found

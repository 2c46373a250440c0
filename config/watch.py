"""Edits take effect without a restart: a folder that changes is read anew, whole, and swapped in one step."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

from config.holder import Holder

SETTLE_MS = 100
"""Quiet time before a change is read: editors write a file in several steps."""

_LINK = "..data"  # what Kubernetes swaps when a mounted ConfigMap changes

POLL_SECONDS = 5.0
"""How often the folder is read without an event: not every file system sends them, and secrets' files lie elsewhere."""


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
    folders = [each for each in (holder.folder, crews.path if crews else None) if each is not None and each.is_dir()]
    async for _ in _changes(folders, stop, poll):
        before, sources = holder.problems, holder.sources
        swapped = await asyncio.to_thread(holder.reload)
        if swapped or holder.problems != before or holder.sources is not sources:
            reported(holder, swapped)


async def _changes(folders: list[Path], stop: asyncio.Event, poll: float) -> AsyncIterator[None]:
    """Yield after each change, and after each `poll` seconds without one."""
    if not folders:
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), poll)
            except TimeoutError:
                yield
        return
    async for _ in awatch(
        *folders,
        watch_filter=_YamlOnly(),
        debounce=SETTLE_MS,
        step=SETTLE_MS // 2,
        stop_event=stop,
        rust_timeout=int(poll * 1000),
        yield_on_timeout=True,
    ):
        if stop.is_set():
            return
        yield

"""Tells operators that a process lives and which configuration it serves: `chatwootai config status` reads it."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from chatwootai.stores.installation.processes import EVERY_SECONDS, Process, Processes
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from config.live.holder import Holder

_MOST_PROBLEMS = 5
_LEAVE_SECONDS = 1.0


class Presence:
    """Tells what one process is and serves.

    `name`: `ingress <host>.<pid>` or `worker <id>`; `served` returns its configuration, that one's version, and
    the version of a canary.
    `slots`: turns that it runs at once; 0 for what runs none.
    """

    def __init__(
        self, served: Callable[[], tuple[Holder, int | None, int]], connection: Connection, name: str, slots: int = 0
    ) -> None:
        self._served = served
        self._processes = Processes(connection)
        self._name = name
        self._slots = slots
        self.warming = False
        """The process is still loading, and takes nothing yet."""
        self._started = time.time()
        self._release = _release()
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Say it anew at once: another configuration is in force, or an edit was refused."""
        self._changed.set()

    async def tell(self) -> None:
        """Say it once, at once; while Redis is away nobody is told."""
        with suppress(StoreUnavailable):
            await self._processes.report(self.now())

    async def run(self) -> None:
        """Say it every few seconds and after each change, for ever; while Redis is away nobody is told."""
        try:
            while True:
                self._changed.clear()
                await self.tell()
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_SECONDS):
                        await self._changed.wait()
        finally:
            with suppress(StoreUnavailable, TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._processes.leave(self._name)

    def now(self) -> Process:
        """Return what is true of this process now."""
        holder, number, canary = self._served()
        return Process(
            name=self._name,
            kind=self._name.partition(" ")[0],
            host=socket.gethostname(),
            pid=os.getpid(),
            release=self._release,
            started=self._started,
            seen=time.time(),
            version=number,
            digest=holder.sources.digest(),
            effective=holder.snapshot.digest,
            refused=len(holder.problems),
            problems=tuple(str(each) for each in holder.problems[:_MOST_PROBLEMS]),
            slots=self._slots,
            canary=canary,
            warming=self.warming,
        )


def _release() -> str:
    try:
        return version("chatwootai")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return ""

"""The configuration of one process on a further shard: what is in force is published there, what is newer is taken."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import ended, for_ever
from config.files.packing import pack, unpack
from config.files.sources import Sources
from config.live.holder import Holder
from config.live.presence import Presence

_PAUSE = 1.0
_log = log.get("config")


class InForce(Protocol):
    """The configuration of the process (live.py). `changing` is held while it is compared, replaced or published."""

    holder: Holder
    has_folder: bool
    changing: asyncio.Lock

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the variables that references are resolved with."""

    async def take(self, sources: Sources) -> bool:
        """Put in force what was published on a further shard; return whether it is."""


class FurtherShard:
    """A shard beside the first one. `version`: the number that what is in force has there; None: not compared yet.

    Versions are numbered by each shard for itself. One that is newer than what this process saw there was published
    while it listened to others, and is taken; an older one is what the shard missed while it was away.
    """

    def __init__(self, live: InForce, name: str, connection: Connection, process: str) -> None:
        self.name = name
        self.version: int | None = None
        self._live = live
        self._process = process
        self._versions = ConfigVersions(connection)
        self.presence = Presence(lambda: (live.holder, self.version, 0), connection, process)
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Compare anew at once: another configuration is in force."""
        self.presence.changed()
        self._changed.set()

    async def run(self) -> None:
        """Tell of this process there, and keep the shard's configuration the one in force, for ever."""
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "presence": self.presence.run,
            "configuration": lambda: self._versions.listen(self._reconcile),
            "configuration of a shard": self._follow,
        }
        tasks = [asyncio.create_task(for_ever(work, what, pause=_PAUSE)) for what, work in works.items()]
        try:
            await asyncio.wait(tasks)
        finally:
            await ended(*tasks)

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._reconcile()
            except StoreUnavailable as error:  # `listen` compares as soon as it is back
                _log.debug("config_not_told", shard=self.name, error=str(error))

    async def _reconcile(self) -> None:
        current = await self._versions.current()
        async with self._live.changing:
            digest = self._live.holder.sources.digest()
            if current is not None and current.digest == digest:
                self._mark(current.number)
            elif current is not None and self._is_newer(current, digest):
                await self._take(current)
            else:
                await self._publish(digest)

    def _is_newer(self, current: ConfigVersion, ours: str) -> bool:
        if self._live.holder.edited:
            return False
        if self.version is not None:
            return current.number > self.version
        return ours in current.overrules or not self._live.has_folder

    async def _take(self, current: ConfigVersion) -> None:
        packed = await self._versions.read(current.number)
        if packed is None:
            return  # newer ones came meanwhile; word of them is on its way
        try:
            sources = unpack(packed, self._live.environ)
        except ValueError as error:
            _log.error("config_unreadable", shard=self.name, version=current.number, error=str(error))
            return
        if await self._live.take(sources):
            self._mark(current.number)

    async def _publish(self, digest: str) -> None:
        sources, accounts = self._live.holder.sources, self._live.holder.accounts
        packed = await asyncio.to_thread(pack, sources, self._live.environ)
        number, new = await self._versions.publish(digest, packed, by=self._process, why="shard", accounts=accounts)
        self._mark(number)
        if new:
            _log.info("config_published", shard=self.name, version=number, digest=digest[:12], why="shard")

    def _mark(self, number: int) -> None:
        if self.version != number:
            self.version = number
            self.presence.changed()

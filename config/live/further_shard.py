"""The configuration of one process on a further shard: what is in force is published there, what is newer is taken."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import ended, for_ever
from config.files.packing import pack, unpack
from config.files.sources import Sources
from config.live.holder import Holder
from config.live.presence import Presence

WHY_COPIED: Final = "shard"
"""Why a version was published that is in force elsewhere already."""
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

    @property
    def version(self) -> int | None:
        """Return the number that what is in force has on the first shard; None: not compared yet."""

    @property
    def known(self) -> ConfigVersion | None:
        """Return what a shard tells of what is in force; None: no shard was told of it yet."""

    async def take(self, published: ConfigVersion, sources: Sources) -> bool:
        """Put in force what was published on a further shard; return whether it is."""

    async def hold_back(self, current: ConfigVersion, versions: ConfigVersions) -> bool:
        """Put a shard's version in force where there are objections to the folder; return whether it is.

        Only while `changing` is held.

        Raises:
            StoreUnavailable: the shard is away.
        """


def is_set_aside(current: ConfigVersion, seen: int | None, known: ConfigVersion | None) -> bool:
    """Tell whether a shard that missed a rollback has let a process start with just what that has set aside.

    `seen`: the version that was in force there when this process compared last: nothing else came between.
    """
    if known is None or current.why != "start" or seen is None:
        return False
    return current.digest in known.overrules and current.number == seen + 1


class FurtherShard:
    """A shard beside the first one. `version`: the number that what is in force has there; None: not compared yet.

    Versions are numbered by each shard for itself. One that is newer than what this process saw there was published
    while it listened to others, and is taken; an older one is what the shard missed while it was away. The number of a
    copy, which another process brought there as this one does, says nothing: what was first published later counts.
    """

    def __init__(self, live: InForce, name: str, connection: Connection, process: str) -> None:
        self.name = name
        self.version: int | None = None
        self._live = live
        self._process = process
        self._versions = ConfigVersions(connection)
        self.presence = Presence(lambda: (live.holder, self.version, 0), connection, process)
        self._changed = asyncio.Event()
        self._comparing = asyncio.Lock()  # else one that read before it would go back to an older number

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
        async with self._comparing:
            await self._compare(await self._versions.current())

    async def _compare(self, current: ConfigVersion | None) -> None:
        async with self._live.changing:
            digest = self._live.holder.sources.digest()
            if current is not None and current.digest == digest:
                self._mark(current.number)
            elif current is not None and self._is_newer(current, digest):
                await self._take(current)
            elif current is None or not await self._live.hold_back(current, self._versions):
                await self._publish(digest, current)

    def _is_newer(self, current: ConfigVersion, ours: str) -> bool:
        known = self._live.known
        if self._live.holder.edited or is_set_aside(current, self.version, known):
            return False
        if self.version is None:
            return ours in current.overrules or not (self._live.has_folder or self._live.version)
        copied = current.why == WHY_COPIED and known is not None and current.origin <= known.origin
        return current.number > self.version and not copied

    async def _take(self, current: ConfigVersion) -> None:
        packed = await self._versions.read(current.number)
        if packed is None:
            return  # newer ones came meanwhile; word of them is on its way
        try:
            sources = unpack(packed, self._live.environ)
        except ValueError as error:
            _log.error("config_unreadable", shard=self.name, version=current.number, error=str(error))
            return
        if await self._live.take(current, sources):
            self._mark(current.number)

    async def _publish(self, digest: str, current: ConfigVersion | None) -> None:
        known = self._live.known
        sources, accounts = self._live.holder.sources, self._live.holder.accounts
        packed = await asyncio.to_thread(pack, sources, self._live.environ)
        number, new = await self._versions.publish(
            digest,
            packed,
            by=self._process,
            why=WHY_COPIED,
            accounts=accounts,
            overrules=known.overrules if known else (),
            origin=known.origin if known else None,
            base=current.number if current else 0,
        )
        if number:  # else another was published meanwhile; word of it is on its way
            self._mark(number)
        if new:
            _log.info("config_published", shard=self.name, version=number, digest=digest[:12], why=WHY_COPIED)

    def _mark(self, number: int) -> None:
        if self.version != number:
            self.version = number
            self.presence.changed()

"""Configuration that takes effect everywhere at once: memory, then Redis, then the folder or the last good one.

Who sees its folder change checks the whole of it, puts it in force and publishes it; everybody else is told and does
the same with what was published. What is broken is put in force nowhere.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.http import Check
from chatwootai.telemetry.metrics import CONFIG_RELOADS, config_in_force
from chatwootai.telemetry.tasks import ended, for_ever, owned
from config.document.problems import ConfigurationError, Problem
from config.files.packing import pack, unpack
from config.files.sources import MAPPING, Sources
from config.live import own_process
from config.live.canary import CanaryFollower
from config.live.further_shard import WHY_COPIED, FurtherShard, is_set_aside
from config.live.holder import Holder, Listener
from config.live.last_good import LastGood
from config.live.objections import find_objections, gate_objections
from config.live.presence import Presence
from config.live.readiness import MOST_SHOWN, configuration_check
from config.live.watch import watch
from config.snapshot import Snapshot

_START_SECONDS = 1.0
_PAUSE = 1.0
_log = log.get("config")


class Live:
    """The configuration of one process. `name` says to others who published; `narrow`: the part that it serves.

    `connection`: to the only Redis, or to the first shard; `join` adds others.

    A folder that a process starts with is put in force, unless a rollback has set just this content aside: then that
    holds until the folder changes.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        connection: Connection,
        name: str,
        *,
        strict: bool = False,
        slots: int = 0,
        narrow: Callable[[Snapshot], Snapshot] = lambda whole: whole,
        canaries: bool = False,
    ) -> None:
        """Prepare it; `canaries`: this process answers, so that it holds a canary's configuration too."""
        self.folder = folder
        self.version: int | None = None
        self.holder: Holder
        self._environ = environ
        self._snapshots = ConfigVersions(connection)
        self._last_good = LastGood(folder, environ, [self._snapshots])
        self._name = name
        self.canary = CanaryFollower(environ, connection, name) if canaries else None
        self.presence = Presence(self._served, connection, name, slots)
        self._strict = strict
        self._narrow = narrow
        self._kept: Sources | None = None
        self.has_folder = (folder / MAPPING).exists()
        self._unpublished = self.has_folder  # nobody was told yet what the folder says that we started with
        self._known: ConfigVersion | None = None
        self._taken = False  # what is in force came from a further shard, and the first was not told of it yet
        self.changing = asyncio.Lock()
        """Held while what is in force is compared, replaced or published."""
        self._further: list[FurtherShard] = []
        self._telling: set[asyncio.Task[None]] = set()

    def join(self, further: Mapping[str, Connection]) -> None:
        """Have part in the configuration of further shards too, by their names; before `start`."""
        self._further = [FurtherShard(self, shard, each, self._name) for shard, each in further.items()]
        self._last_good.shards += map(ConfigVersions, further.values())

    @property
    def snapshot(self) -> Snapshot:
        """The configuration in force."""
        return self.holder.snapshot

    @property
    def known(self) -> ConfigVersion | None:
        """Return what a shard tells of the configuration in force; None: no shard was told of it yet."""
        return None if self.holder.edited else self._known

    @property
    def copy(self) -> Path:
        """Return where the last good configuration is kept on this machine's disk."""
        return self._last_good.copy

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the variables that references are resolved with, those included that children do not inherit."""
        return self._environ

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every snapshot that comes into force from now on."""
        self.holder.listen(listener)

    async def start(self) -> Snapshot:
        """Load what is to be in force.

        A folder with problems gives way to the last good configuration, unless `strict`; the problems stay in `check`.

        Raises:
            ConfigurationError: the folder is broken, or there is none, and neither Redis nor the disk has another.
        """
        self.holder = await (self._from_folder() if self.has_folder else self._from_elsewhere())
        await self._keep_copy()
        with contextlib.suppress(StoreUnavailable, TimeoutError):  # without Redis it is done as soon as that is back
            async with asyncio.timeout(_START_SECONDS):
                await self._reconcile()
        config_in_force(self.snapshot.digest)
        for note in self.snapshot.notes:
            _log.info("config_note", note=str(note))
        return self.snapshot

    async def _from_folder(self) -> Holder:
        try:
            return await asyncio.to_thread(self._holder)
        except ConfigurationError as error:
            last = None if self._strict else await self._last_good.find_sound()
            if last is None:
                raise
            refused = tuple(error.problems)
        try:
            holder = await asyncio.to_thread(self._holder, last, refused)
        except ConfigurationError:  # what was good elsewhere or before is not, with the variables of this process
            raise ConfigurationError(refused) from None
        self._unpublished = False
        shown = [str(problem) for problem in refused[:MOST_SHOWN]]
        _log.error("config_last_good", count=len(refused), problems=shown, kept=holder.snapshot.digest[:12])
        return holder

    async def _from_elsewhere(self) -> Holder:
        return await asyncio.to_thread(self._holder, await self._last_good.find())

    def _holder(self, sources: Sources | None = None, refused: tuple[Problem, ...] = ()) -> Holder:
        narrow, objections = self._narrow, gate_objections
        return Holder(self.folder, self._environ, sources, refused=refused, narrow=narrow, object_to=objections)

    def keep_to_itself(self) -> None:
        """Close this process to others: nobody looks into it, and no child inherits what it has read."""
        own_process.refuse_inspection()
        own_process.forget_secrets(self.holder.sources)

    async def run(self) -> None:
        """Watch and listen, for ever."""
        stop = asyncio.Event()
        watching = asyncio.create_task(
            for_ever(lambda: watch(self.holder, self._on_reload, stop), "configuration", pause=_PAUSE)
        )
        listening = asyncio.create_task(
            for_ever(lambda: self._snapshots.listen(self._reconcile), "configuration", pause=_PAUSE)
        )
        telling = asyncio.create_task(for_ever(self.presence.run, "presence", pause=_PAUSE))
        further = [asyncio.create_task(each.run()) for each in self._further]
        if self.canary is not None:
            further.append(asyncio.create_task(self.canary.run(self.holder, self.changing)))
        try:
            await asyncio.wait({watching, listening, telling, *further})
        finally:
            stop.set()
            await ended(watching, listening, telling, *further)

    async def check(self) -> Check:
        """For /readyz: what is in force, and what of the last edit is broken."""
        others = {f"version on {each.name}": each.version for each in self._further}
        return configuration_check(self.snapshot, self.holder.problems, {"version": self.version, **others})

    def _on_reload(self, holder: Holder, swapped: bool) -> None:
        """The folder was read: tell others of what is sound."""
        self._report("edit", swapped=swapped)
        if holder.edited:
            self._publish_soon()

    def _publish_soon(self) -> None:
        task = owned(asyncio.create_task(self._publish_later()), "configuration")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _publish_later(self) -> None:
        await self._keep_copy()
        try:
            await self._reconcile()
        except StoreUnavailable as error:
            _log.warning("config_not_published", error=str(error), later="when Redis is back")

    async def _reconcile(self) -> None:
        """Bring this process and Redis to the same configuration."""
        async with self.changing:
            current = await self._snapshots.current()
            ours = self.holder.sources.digest()
            if current is not None and current.digest == ours:
                self._mark_synced(current)
            elif current is None or self._goes_before(current, ours):
                if current is None or not await self.hold_back(current, self._snapshots):
                    await self._publish(ours, current)
            else:
                await self._adopt(current)
            if self.canary is not None and await self.canary.follow(self.holder):
                self.presence.changed()

    def _goes_before(self, current: ConfigVersion, ours: str) -> bool:
        """Tell whether what is in force here is published over what is in force on the first shard."""
        if self.holder.edited or (self._further and is_set_aside(current, self.version, self._known)):
            return True
        if self._taken and self._known:  # of what this process has not seen, what was first published later counts
            return current.number == self.version or current.origin < self._known.origin
        return self._unpublished and ours not in current.overrules

    def _served(self) -> tuple[Holder, int | None, int]:
        canary = self.canary.now if self.canary else None
        return self.holder, self.version, canary.terms.version if canary else 0

    async def take(self, published: ConfigVersion, sources: Sources) -> bool:
        """Put in force what was published on a further shard; the first one is told of it. Only while `changing`.

        Returns whether it is in force: not where it has problems here, or the folder has brought something newer.
        """
        swapped = await asyncio.to_thread(self.holder.adopt, sources)
        taken = self.holder.sources is sources
        self._report("published", swapped=swapped)
        if taken:
            self._known, self._taken, self._unpublished = published, True, False
            self._publish_soon()
        return taken

    async def hold_back(self, current: ConfigVersion, versions: ConfigVersions) -> bool:
        """Put a shard's version in force where there are objections to the folder; return whether it is (InForce)."""
        if self._taken or not (self.holder.edited or self._unpublished):
            return False
        found = await find_objections(self.holder, current, versions, self._environ, self._last_good.shards)
        if found is None:
            return False
        swapped = await asyncio.to_thread(self.holder.hold_back, found[1], found[0])
        if versions is self._snapshots:
            self._mark_synced(current)
        else:
            self._known, self._taken, self._unpublished = current, True, False
            self._publish_soon()
        self._report("folder", swapped=swapped)
        return True

    def _mark_synced(self, version: ConfigVersion) -> None:
        if (known := self.known) is not None and known.digest == version.digest:  # a shard may have missed a rollback
            version = replace(version, overrules=tuple({*known.overrules, *version.overrules}))
        self.version, self._known = version.number, version
        self._unpublished, self._taken, self.holder.edited = False, False, False
        self._tell_changed()

    def _tell_changed(self) -> None:
        self.presence.changed()
        for each in self._further:
            each.changed()

    async def _publish(self, digest: str, current: ConfigVersion | None) -> None:
        known, sources, accounts = self.known, self.holder.sources, self.holder.accounts
        why = "edit" if self.holder.edited else WHY_COPIED if known and self._further else "start"
        overrules, origin = (known.overrules, known.origin) if known else ((), time.time())
        packed = await asyncio.to_thread(pack, sources, self._environ)
        number, new = await self._snapshots.publish(
            digest,
            packed,
            by=self._name,
            why=why,
            accounts=accounts,
            overrules=overrules,
            origin=origin,
            base=None if known is None else current.number if current else 0,
        )
        if not number:
            return  # another was published meanwhile; word of it is on its way
        if self.holder.sources is sources:  # else the next edit, which is told of next
            self._mark_synced(ConfigVersion(number, digest, origin, self._name, why, accounts, overrules, origin))
        if new:
            _log.info("config_published", version=number, digest=digest[:12], why=why)
            with contextlib.suppress(StoreUnavailable):  # it is in force, and this tells of it alone
                audit = AuditLog(self._snapshots.connection)
                await audit.append(self._name, "publish", of=str(number), details={"why": why})

    async def _adopt(self, current: ConfigVersion) -> None:
        packed = await self._snapshots.read(current.number)
        if packed is None:
            return  # twenty newer ones came meanwhile; word of them is on its way
        try:
            sources = unpack(packed, self._environ)
        except ValueError as error:
            _log.error("config_unreadable", version=current.number, error=str(error))
            return
        swapped = await asyncio.to_thread(self.holder.adopt, sources)
        if self.holder.sources is sources:
            self._mark_synced(current)
            await self._keep_copy()
        self._report("published", swapped=swapped)

    async def _keep_copy(self) -> None:
        sources = self.holder.sources
        if sources is not self._kept:
            self._kept = sources
            await asyncio.to_thread(self._last_good.keep, sources)

    def _report(self, source: str, *, swapped: bool) -> None:
        problems = self.holder.problems
        result = "refused" if problems else "swapped" if swapped else "unchanged"
        CONFIG_RELOADS.labels(result).inc()
        self._tell_changed()
        if problems:
            shown = [str(problem) for problem in problems[:MOST_SHOWN]]
            _log.error(
                "config_refused", source=source, count=len(problems), problems=shown, kept=self.snapshot.digest[:12]
            )
        elif swapped:
            config_in_force(self.snapshot.digest)
            _log.info(
                "config_swapped", source=source, digest=self.snapshot.digest[:12], accounts=len(self.snapshot.accounts)
            )

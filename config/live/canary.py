"""The canary's configuration beside the one in force, in a process that answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from chatwootai.model.canary.terms import ALL, CanaryTerms
from chatwootai.stores.installation.canaries import Canaries, Canary, Result
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.installation.incidents import Incidents, Kind
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import CONFIG_CANARY
from chatwootai.telemetry.tasks import for_ever
from config.document.problems import Problem
from config.files.packing import unpack
from config.files.sources import Sources
from config.live.holder import Holder
from config.live.watch import POLL_SECONDS
from config.snapshot import Snapshot

_MOST_WORDS: Final = 200
_MOST_SHOWN: Final = 5
_log = log.get("config")


@dataclass(frozen=True, slots=True)
class CanaryInForce:
    """A canary that runs, with its configuration as this process has loaded it."""

    terms: CanaryTerms
    snapshot: Snapshot
    sources: Sources


class CanaryFollower:
    """Holds the canary that runs (`now`), as Redis tells of it.

    A process that cannot load it ends it for all: conversations would change sides from turn to turn.
    """

    def __init__(self, environ: Mapping[str, str], connection: Connection, name: str) -> None:
        self.now: CanaryInForce | None = None
        self._problems: tuple[Problem, ...] = ()
        self._environ = environ
        self._connection = connection
        self._canaries = Canaries(connection)
        self._versions = ConfigVersions(connection)
        self._name = name

    async def follow(self, holder: Holder) -> bool:
        """Bring this process to what Redis says, and tell whether that is something else than before.

        Raises:
            StoreUnavailable: Redis is away; what was known goes on.
        """
        running, before = await self._canaries.running(), self.now
        if running is None:
            self.now = None
        elif before is None or before.terms != running.terms:
            self.now = await self._load(running, holder)
        CONFIG_CANARY.set(self.now.terms.share / ALL if self.now else 0)
        return self.now is not before

    async def run(self, holder: Holder, changing: asyncio.Lock) -> None:
        """Keep its secrets as their files are, for ever. `changing` is held meanwhile."""

        async def look() -> None:
            async with changing:
                await self.read_secrets_again(holder)

        await for_ever(look, "canary", pause=POLL_SECONDS)

    async def read_secrets_again(self, holder: Holder) -> None:
        """Load it with its secrets' files as they are now; with a problem in them it goes on as it was loaded."""
        now = self.now
        if now is None or not now.sources.names_files():
            return
        found = await asyncio.to_thread(holder.inspect, now.sources)
        if found.problems and self._problems != found.problems:
            shown = [str(problem) for problem in found.problems[:_MOST_SHOWN]]
            _log.warning("config_refused", source="canary", count=len(found.problems), problems=shown)
        self._problems = found.problems
        if not found.problems and found.snapshot.digest != now.snapshot.digest:
            self.now = replace(now, snapshot=holder.narrowed(found.snapshot))

    async def _load(self, running: Canary, holder: Holder) -> CanaryInForce | None:
        version = running.terms.version
        packed = await self._versions.read(version)
        try:
            if packed is None:
                raise ValueError(f"version {version} is not kept")
            sources = unpack(packed, self._environ)
            found = await asyncio.to_thread(holder.inspect, sources)
            if found.problems:
                raise ValueError(str(found.problems[0]))
        except ValueError as error:
            await end_canary(self._connection, version, Result.REFUSED, by=self._name, why=str(error))
            return None
        _log.info("canary_began", version=version, share=running.terms.share / ALL)
        return CanaryInForce(running.terms, holder.narrowed(found.snapshot), sources)


async def end_canary(connection: Connection, version: int, result: Result, *, by: str, why: str) -> None:
    """End a canary that no person ends, and tell people: in the log, the audit and, unless it was time, as an incident.

    One that is over already stays as it is: of many processes, one tells.

    Raises:
        StoreUnavailable: Redis is away.
    """
    if not await Canaries(connection).end(version, result, by=by, why=why):
        return
    _log.warning("canary_over", version=version, result=result, why=why)
    if result is not Result.EXPIRED:
        await Incidents(connection).note(Kind.CANARY, "", str(version), why[:_MOST_WORDS], 1)
    await AuditLog(connection).append(by, "canary over", of=str(version), details={"result": result, "why": why})

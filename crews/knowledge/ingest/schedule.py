"""Schedule of reading sources again: each by its own hours, one account at a time, in a process of its own."""

import asyncio
import math
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from chatwootai.stores.installation.incident_board import IncidentBoard
from chatwootai.stores.installation.incidents import Kind
from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from config.snapshot import Account
from crews.knowledge.ingest import handover
from crews.knowledge.reading.written_records import written_digest
from crews.knowledge.report import Report
from crews.knowledge.sources import IngestContext, SourceKey, declared_sources

LOOK_SECONDS: Final = 30.0
_REST_SECONDS: Final = 600.0
"""After an ingest that failed, until this process tries the account again."""
_IDLE_SECONDS: Final = 3_600.0
"""Until an account without anything to read by itself is looked at again."""
_log = log.get("knowledge")


class Schedule:
    """Keeps the knowledge of all accounts up to date. `accounts` is asked each time; `configuration`: its folder.

    `incidents`: is told of sources that cannot be read.
    """

    def __init__(
        self,
        connection: Connection,
        accounts: Callable[[], Iterable[Account]],
        configuration: Path,
        incidents: IncidentBoard | None = None,
    ) -> None:
        self._incidents = incidents
        self._store = KnowledgeStore(connection)
        self._accounts = accounts
        self._configuration = configuration
        self._resting: dict[str, float] = {}
        self._next: dict[str, tuple[frozenset[tuple[SourceKey, str]], float]] = {}

    async def run(self, every: float = LOOK_SECONDS) -> None:
        """Look every so many seconds, for ever; not at once, since a worker that starts has customers who wait."""
        while True:
            await asyncio.sleep(every)
            with suppress(StoreUnavailable):
                await self.look()

    async def look(self) -> int:
        """Ingest each account that has something due, one after the other; return how many those were.

        Raises:
            StoreUnavailable: Redis is away.
        """
        done = 0
        for account in list(self._accounts()):
            if self._resting.get(account.key, 0.0) <= time.monotonic() and await self._is_due(account):
                done += 1
                if await self._ingest(account):
                    self._resting[account.key] = time.monotonic() + _REST_SECONDS
                await self._tell(account.key)
        return done

    async def _tell(self, account: str) -> None:
        """Note which sources could be read and which not, as the ingest has written it down."""
        if self._incidents is None:
            return
        report = Report.unpacked((await self._store.in_force(account)).about)
        for each in report.sources:
            if each.state == "failed":
                reason = each.problems[0].reason if each.problems else "it cannot be read"
                self._incidents.note(Kind.KNOWLEDGE, account, each.source, reason)
            else:
                self._incidents.works(Kind.KNOWLEDGE, account, each.source)

    async def _is_due(self, account: Account) -> bool:
        """Tell whether a source was never read, or its hours have passed, or one is gone that was declared before.

        A source is due at once where the settings hold other records of it than it was read with.

        Redis is asked once for each time that something may be due: there may be thousands of accounts.
        """
        sources = declared_sources(account)
        if not sources and account.key not in self._next:
            return False
        written = {each.place: written_digest(each.records) for each in sources}
        places, now = frozenset(written.items()), time.time()
        known, at = self._next.get(account.key, (None, 0.0))
        if known == places and now < at:
            return False
        in_force = await self._store.in_force(account.key)
        report = Report.unpacked(in_force.about).sources
        tried = {(each.source, each.place): each.tried_at for each in report}
        read_with = {(each.source, each.place): each.written for each in report}
        ends = [
            tried.get(each.place, 0.0) + 3600 * each.source.hours
            if read_with.get(each.place, "") == written[each.place]
            else now
            for each in sources
            if each.source.hours > 0
        ]
        self._next[account.key] = (places, min(ends, default=now + _IDLE_SECONDS))
        return min(ends, default=math.inf) <= now or bool(tried.keys() - written.keys())

    async def _ingest(self, account: Account) -> int:
        """Run the process; return its exit code. It is ended with whoever waits for it."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "crews.knowledge.ingest"), stdin=asyncio.subprocess.PIPE
        )
        try:
            await child.communicate(handover.pack_context(IngestContext(self._configuration, account)))
        finally:
            if child.returncode is None:
                child.terminate()
                await child.wait()
        if child.returncode:
            _log.warning("knowledge_process_failed", account=account.key, code=child.returncode)
        return child.returncode or 0

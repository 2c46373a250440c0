"""Gathers what goes wrong in one process; tells of it in Redis for all, and in the log first, each minute, at the end.

Nothing here is in a turn's or a request's way: they leave a note in memory.
"""

import asyncio
import time
from collections import Counter
from typing import Final, NoReturn

from chatwootai.stores.installation.incidents import Incident, Incidents, Kind
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.state import state_of
from chatwootai.telemetry import log, mask
from chatwootai.telemetry.http import Check, Status
from chatwootai.telemetry.metrics import INCIDENTS

_LOOK_SECONDS: Final = 2.0
_SAY_SECONDS: Final = 60.0
_MOST_WORDS: Final = 200
_MOST_NOTES: Final = 256
_MOST_SHOWN: Final = 20
_log = log.get("incident")
_Key = tuple[Kind, str, str]


class IncidentBoard:
    """One process's view of the incidents. `now`: all that were known at the last look."""

    def __init__(self, connection: Connection) -> None:
        self.now: tuple[Incident, ...] = ()
        self._incidents = Incidents(connection)
        self._shard = state_of(connection).shard
        self._notes: dict[_Key, tuple[str, int]] = {}
        self._works: set[_Key] = set()
        self._said: dict[_Key, float] = {}
        self._in_a_row: Counter[_Key] = Counter()

    def note(self, kind: Kind, account: str, subject: str, reason: str) -> None:
        """Note that something went wrong once more. `reason` is masked and cut."""
        key = (kind, account, subject)
        if key in self._notes or len(self._notes) < _MOST_NOTES:
            count = self._notes.get(key, ("", 0))[1] + 1
            self._notes[key] = mask.text(reason)[:_MOST_WORDS], count
            self._works.discard(key)

    def note_in_a_row(self, kind: Kind, account: str, subject: str, reason: str, *, least: int) -> None:
        """Note what may be right once: from the `least`-th time on without one that worked in between."""
        key = (kind, account, subject)
        if len(self._in_a_row) >= _MOST_NOTES and key not in self._in_a_row:
            self._in_a_row.clear()
        self._in_a_row[key] += 1
        if self._in_a_row[key] >= least:
            self.note(kind, account, subject, reason)

    def works(self, kind: Kind, account: str, subject: str | None = None) -> None:
        """Note that something works: its incident, where there is one, is over. Costs nothing where there is none."""
        self._in_a_row.pop((kind, account, subject or ""), None)
        for one in self.now:
            if (one.kind, one.account) == (kind, account) and subject in (None, one.subject):
                self._works.add((kind, account, one.subject))
                self._notes.pop((kind, account, one.subject), None)

    async def run(self) -> NoReturn:
        """Tell of what was noted, and look at what others noted, for ever; while Redis is away notes wait."""
        while True:
            try:
                await self._tell()
            except StoreUnavailable as error:
                _log.debug("troubles_not_told", error=str(error))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _tell(self) -> None:
        while self._notes:
            key, (reason, count) = next(iter(self._notes.items()))
            noted = await self._incidents.note(*key, reason, count)
            self._take(key, count)
            if noted is not None:
                self._say(key, *noted)
        while self._works:
            key = next(iter(self._works))
            ended = await self._incidents.end(*key)
            self._works.discard(key)
            self._said.pop(key, None)
            if ended is not None:
                seconds = round(time.time() - ended.since)
                _log.info("incident_over", **_about(ended), seconds=seconds, count=ended.count)
        self.now = tuple(await self._incidents.all())
        self._measure()

    def _take(self, key: _Key, told: int) -> None:
        """Take away what was told; what came while Redis answered stays noted."""
        reason, count = self._notes.pop(key, ("", told))
        if count > told:
            self._notes[key] = reason, count - told

    def _say(self, key: _Key, first: bool, known: Incident) -> None:
        now = time.monotonic()
        if first or now - self._said.get(key, -_SAY_SECONDS) >= _SAY_SECONDS:
            if len(self._said) >= _MOST_NOTES:
                self._said.clear()
            self._said[key] = now
            event = "incident_began" if first else "incident_goes_on"
            _log.warning(event, **_about(known), reason=known.reason, count=known.count)

    def _measure(self) -> None:
        for kind in Kind:
            INCIDENTS.labels(kind.value, self._shard).set(sum(one.kind is kind for one in self.now))

    async def check(self) -> Check:
        """Return the state for /readyz: incidents only degrade it, since everything else is served."""
        if not self.now:
            return Check(Status.OK)
        shown = [
            {**_about(one), "reason": one.reason, "count": one.count, "seconds": round(time.time() - one.since)}
            for one in self.now[:_MOST_SHOWN]
        ]
        kinds = Counter(one.kind.value for one in self.now)
        return Check(Status.DEGRADED, {"kinds": dict(kinds)}, {"incidents": shown})


def _about(one: Incident) -> dict[str, str]:
    return {"kind": one.kind.value, "account": one.account, "of": one.subject}

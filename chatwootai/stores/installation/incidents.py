"""Incidents that last, by account and since when: one list in Redis that all processes write and operators read."""

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, store_errors
from chatwootai.stores.server.scripts import Runner

OVER_SECONDS: Final = 600.0
"""An incident that has not shown for so long is over, also where nothing has shown that it works again."""
_SLOW_SECONDS: Final = 93_600.0
"""The same of what is tried again after hours, or told once: 26 hours."""
_MOST: Final = 500


class Kind(StrEnum):
    """Kinds of incidents. A refused token is kept apart, since it closes its account (refusals.py)."""

    MODEL = "model"  # a turn went to people because no model answered
    TOOL = "tool"  # a tool's call failed
    SEARCH = "search"  # a turn was answered without documents: what holds them failed
    SIGNATURE = "signature"  # a delivery was refused: its signature is missing or wrong
    RATE = "rate"  # a delivery was refused: too many of this account
    CHATWOOT = "chatwoot"  # a call for a conversation failed: Chatwoot is away, or something in its place answers
    KNOWLEDGE = "knowledge"  # a source could not be read; what was known of it is kept
    CANARY = "canary"  # a canary went back by itself: its outcomes broke a rule, or a worker could not load it
    JOURNAL = "journal"  # a door's journal takes nothing: its disk is full or refuses

    @property
    def over_seconds(self) -> float:
        """Return the seconds without a sign of it after which an incident of this kind is over."""
        return _SLOW_SECONDS if self in {Kind.KNOWLEDGE, Kind.CANARY} else OVER_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. `subject`: the model, the tool, the cause of a refusal; `since` and `last`: unix seconds.

    `reason`: the words of what refused, masked; `count`: how often since then.
    """

    kind: Kind
    account: str
    subject: str
    reason: str
    since: float
    last: float
    count: int


class Incidents:
    """The incidents of one installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection
        self._runner = Runner.of(connection)

    async def note(
        self, kind: Kind, account: str, subject: str, reason: str, count: int
    ) -> tuple[bool, Incident] | None:
        """Note that something went wrong `count` times; return whether it begins now, and all that is known of it.

        None: too many incidents are kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        over = int(kind.over_seconds * 1000)
        answer = await self._runner.run("incident", kind.value, account, subject, reason, count, over, _MOST)
        if not answer:
            return None
        first, since, total = answer
        known = Incident(
            kind=kind, account=account, subject=subject, reason=reason,
            since=since / 1000, last=time.time(), count=int(total),
        )  # fmt: skip
        return bool(first), known

    async def end(self, kind: Kind, account: str, subject: str) -> Incident | None:
        """Note that something works again; return what was known of its incident, None where there was none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        raw = await self._runner.run("incident_over", kind.value, account, subject)
        return _incident(raw) if raw else None

    async def all(self) -> list[Incident]:
        """Return what goes wrong now, the oldest first; what has not shown for long is over and forgotten.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            raw: dict[bytes, bytes] = await self._connection.hgetall(keys.INCIDENTS)
        found = {field: _incident(said) for field, said in raw.items()}
        over = [field for field, one in found.items() if time.time() - one.last > one.kind.over_seconds]
        if over:
            with store_errors(self._connection):
                await self._connection.hdel(keys.INCIDENTS, *over)
        return sorted((one for field, one in found.items() if field not in over), key=lambda one: one.since)


def _incident(raw: bytes) -> Incident:
    said = orjson.loads(raw)
    return Incident(
        kind=Kind(said["kind"]), account=said["account"], subject=said["subject"], reason=said["reason"],
        since=said["since"] / 1000, last=said["last"] / 1000, count=int(said["count"]),
    )  # fmt: skip

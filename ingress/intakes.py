"""The intakes of a door, one for each shard: opened with their journals, and which takes an account's deliveries."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Self

from chatwootai.stores.installation.event_stream import EventSender
from chatwootai.stores.installation.incident_board import IncidentBoard
from chatwootai.stores.installation.incidents import Kind
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.examination import examine
from chatwootai.stores.server.shards import Shard, Shards
from chatwootai.telemetry.recent import RECENT, RecentEvents
from chatwootai.telemetry.tasks import ended, for_ever, owned
from config.snapshot import Account
from ingress.intake import REDIS_RETRIES, REDIS_SECONDS, DeliveryIntake
from ingress.journal.erasure_requests import answer_requests
from ingress.journal.journal import Journal
from ingress.process.environment import Environment

_JOURNAL_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class ShardIntake:
    """Parts of a door for one shard: the way into its Redis, its incidents, and the log lines that are sent there."""

    shard: Shard
    intake: DeliveryIntake
    incidents: IncidentBoard
    events: RecentEvents = RECENT


class Intakes:
    """The intakes of all shards, in their order."""

    def __init__(self, shards: Shards, intakes: Mapping[str, ShardIntake]) -> None:
        self._shards = shards
        self._intakes = intakes
        self._only = intakes[shards.first.name] if len(shards) == 1 else None

    @classmethod
    def of_one(cls, intake: DeliveryIntake, incidents: IncidentBoard) -> Self:
        """Return the intakes of a door with one Redis."""
        shards = Shards((Shard("", ""),))
        return cls(shards, {"": ShardIntake(shards.first, intake, incidents)})

    def __iter__(self) -> Iterator[ShardIntake]:
        """Return each."""
        return iter(self._intakes.values())

    def of(self, account: Account) -> ShardIntake:
        """Return the intake of the shard that an account lives on."""
        return self._only or self._intakes[self._shards.of(account.key, account.shard).name]

    def divide_events(self, account_of: Callable[[str], Account | None]) -> None:
        """Send each log line to the shard of its account from now on, all others to the first that is not away."""
        if self._only is not None:
            return

        def route(line: dict[str, Any]) -> RecentEvents:
            account = account_of(str(line.get("account")))
            if account is not None:
                return self.of(account).events
            return next((each for each in self if not each.intake.away), next(iter(self))).events

        RECENT.route = route


async def examine_shards(environment: Environment) -> None:
    """Find what no waiting mends, in any of them.

    Raises:
        CannotUse: one is there, and cannot be used as it is.
    """
    for shard in environment.shards:
        connection = _connect(shard)
        try:
            await examine(connection, shard.setting)
        finally:
            await connection.aclose()


@contextlib.asynccontextmanager
async def open_intakes(environment: Environment, door: str) -> AsyncIterator[Intakes]:
    """Open the intake of each shard; at the end they are closed in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        opened = {
            shard.name: await stack.enter_async_context(_intake(environment, shard, door))
            for shard in environment.shards
        }
        stack.callback(_keep_events_together)
        yield Intakes(environment.shards, opened)


def _keep_events_together() -> None:
    RECENT.route = None


@contextlib.asynccontextmanager
async def _intake(environment: Environment, shard: Shard, door: str) -> AsyncIterator[ShardIntake]:
    connection = _connect(shard)
    journal = Journal(environment.journal / shard.name, shard=shard.name)
    await journal.open()
    intake = DeliveryIntake(connection, journal, most_waiting=environment.most_waiting)
    replay = owned(asyncio.create_task(intake.run()), "journal")
    incidents = IncidentBoard(connection)
    recent = RecentEvents() if shard.name else RECENT
    events = EventSender(connection, door, recent)
    watched = {
        "journal watch": lambda: _watch_journal(journal, incidents),
        "erasures": lambda: answer_requests(connection, journal, door),
        "pressure": intake.pressure.watch,
        "incidents": incidents.run,
        "events": events.run,
    }
    watches = [asyncio.create_task(for_ever(watch, what, pause=1.0)) for what, watch in watched.items()]
    try:
        yield ShardIntake(shard, intake, incidents, recent)
    finally:
        intake.close()
        await ended(*watches)
        await asyncio.gather(replay, return_exceptions=True)
        await journal.close()
        await connection.aclose()


def _connect(shard: Shard) -> Connection:
    return connect(shard.url, shard=shard.name, timeout=REDIS_SECONDS, retries=REDIS_RETRIES)


async def _watch_journal(journal: Journal, incidents: IncidentBoard) -> NoReturn:
    """Tell of a journal that takes nothing, for ever: it is missed when Redis is away, and not before."""
    host = socket.gethostname()
    while True:
        if await journal.usable():
            incidents.works(Kind.JOURNAL, "", host)
        else:
            incidents.note(Kind.JOURNAL, "", host, journal.trouble or "it is full")
        await asyncio.sleep(_JOURNAL_SECONDS)

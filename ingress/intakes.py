"""The intakes of a door, one for each shard: opened with their journals, and which takes an account's deliveries."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Self

from chatwootai.stores.conversation.mailbox import Mailbox
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
from ingress.journal.by_account import JournalByAccount
from ingress.journal.erasure_requests import answer_requests
from ingress.journal.journal import Journal
from ingress.journal.moved import FOLDER, MovedDeliveries
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
    """The intakes of all shards, in their order. `moved`: for accounts that are moving; None with one shard."""

    def __init__(
        self, shards: Shards, intakes: Mapping[str, ShardIntake], moved: MovedDeliveries | None = None
    ) -> None:
        self.moved = moved
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
async def open_intakes(
    environment: Environment, door: str, account_of: Callable[[str], Account | None]
) -> AsyncIterator[Intakes]:
    """Open the intake of each shard; at the end they are closed in reverse. `account_of`: as configured now."""
    shards = environment.shards
    async with contextlib.AsyncExitStack() as stack:

        def mailbox_of(key: str) -> Mailbox | None:
            account = account_of(key)
            return intakes.of(account).intake.unbounded if account is not None else None

        moved = None
        if len(shards) > 1:
            journal = JournalByAccount(
                environment.journal / FOLDER, shard=FOLDER, around=environment.journal, others=shards.names
            )
            moved = MovedDeliveries(journal, mailbox_of)
            await journal.open()
            stack.push_async_callback(journal.close)
        opened = {
            shard.name: await stack.enter_async_context(_intake(environment, shard, door, moved)) for shard in shards
        }
        intakes = Intakes(shards, opened, moved)
        if moved is not None:
            moved.of_shards = [each.intake.journal for each in opened.values()]
            await stack.enter_async_context(_replaying(moved))
        stack.callback(_keep_events_together)
        intakes.divide_events(account_of)
        yield intakes


@contextlib.asynccontextmanager
async def _replaying(moved: MovedDeliveries) -> AsyncIterator[None]:
    replay = owned(asyncio.create_task(moved.run()), "moved")
    try:
        yield
    finally:
        moved.close()
        await asyncio.gather(replay, return_exceptions=True)


def _keep_events_together() -> None:
    RECENT.route = None


@contextlib.asynccontextmanager
async def _intake(
    environment: Environment, shard: Shard, door: str, moved: MovedDeliveries | None
) -> AsyncIterator[ShardIntake]:
    connection = _connect(shard)
    around = None if moved else environment.journal  # what several shards left is the only one's
    journal = Journal(environment.journal / shard.name, shard=shard.name, around=around)
    await journal.open()
    intake = DeliveryIntake(connection, journal, most_waiting=environment.most_waiting, moved=moved)
    replay = owned(asyncio.create_task(intake.run()), "journal")
    incidents = IncidentBoard(connection)
    journals = [journal, *([moved.journal] if moved else [])]
    recent = RecentEvents() if shard.name else RECENT
    events = EventSender(connection, door, recent)
    watched = {
        "journal watch": lambda: _watch_journal(journal, incidents),
        "erasures": lambda: answer_requests(connection, journals, door),
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
    place = f"{socket.gethostname()} in {journal.folder}"  # two doors of a host may write to two disks
    while True:
        if await journal.usable():
            incidents.works(Kind.JOURNAL, "", place)
        else:
            incidents.note(Kind.JOURNAL, "", place, journal.trouble or "it is full")
        await asyncio.sleep(_JOURNAL_SECONDS)

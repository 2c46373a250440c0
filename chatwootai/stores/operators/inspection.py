"""Reads of the queue for operators: jobs that wait, run or are due later, and dead letters. In pages.

A page is one script of a few milliseconds, so that looking at a flood never holds up a turn.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any, Final

from chatwootai.model.message.priority import BOOST_PER_STEP_MS
from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.scripts import Argument, Runner

LANES: Final = ("high", "normal")
_PAGE: Final = 500
_TENANTS: Final = 1_000
_FIELDS: Final = 13

Slice = tuple[str, int, int]
"""A sorted set of jobs, the first and the last to look at."""


class State(StrEnum):
    """The place of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    SCHEDULED = "scheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One conversation's turn-to-be. Moments are unix seconds.

    `since`: when it became ready; `due`: when a scheduled one will run; `lease`: when a running one's lease ends (None
    under arq's own worker, which has none); `began`: when its work began; `messages`: how many wait for it. `cause`:
    why it was put off; `parked`: it waits until Chatwoot takes the account's bot token again, at most until it is due.
    """

    job: str
    conv: str
    account: str
    lane: str
    priority: int
    state: State
    messages: int
    tries: int
    since: float | None = None
    due: float | None = None
    began: float | None = None
    lease: float | None = None
    worker: str | None = None
    cause: str = ""
    parked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Counts of one account: turns that wait in each lane, turns that run, messages in mailboxes."""

    account: str
    high: int = 0
    normal: int = 0
    running: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts of the whole queue. `since`: when the longest-waiting turn became ready, unix seconds.

    `priorities` counts waiting turns; `workers` maps each that listens to the turns it runs.
    """

    waiting: int
    running: int
    scheduled: int
    dead: int
    open: int
    messages: int
    since: float | None
    priorities: dict[int, int] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)
    tenants: tuple[Tenant, ...] = ()


class Inspection:
    """Looks; changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def waiting(self, *, account: str | None = None, lane: str | None = None) -> AsyncIterator[Job]:
        """Yield turns that may run and have no worker yet: the high lane first, then the least served account first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        for each in (lane,) if lane else LANES:
            async for page in self._slices(each, account):
                for job in await self._look(page, State.WAITING):
                    yield job

    async def running(self) -> AsyncIterator[Job]:
        """Yield turns under a lease, the next to end first. Those of arq's own workers are among the waiting.

        Raises:
            StoreUnavailable: Redis is away.
        """
        async for job in self._all(keys.LEASES, State.RUNNING):
            yield job

    async def scheduled(self) -> AsyncIterator[Job]:
        """Yield turns that were put off, the next due first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        async for job in self._all(keys.SCHEDULED, State.SCHEDULED):
            yield job

    async def job(self, job: str) -> Job | None:
        """Return one job, in whichever place it is; None where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        account, lane = await self._lane(job)
        places = {State.RUNNING: keys.LEASES, State.SCHEDULED: keys.SCHEDULED, State.WAITING: keys.ready(lane, account)}
        for state, place in places.items():
            (rank,) = await batch(self._connection, ("ZRANK", place, job))
            if rank is not None:
                found = [one for one in await self._look([(place, rank, rank)], state) if one.job == job]
                return found[0] if found else None
        return None

    async def waits(self, accounts: Sequence[str]) -> dict[str, float]:
        """Return since when (unix seconds) the first turn of each account waits, of those that have one waiting.

        Raises:
            StoreUnavailable: Redis is away.
        """
        places = [(account, keys.ready(lane, account)) for account in accounts for lane in LANES]
        heads = await batch(self._connection, *(("ZRANGE", place, 0, 0, "WITHSCORES") for _, place in places))
        first = [(account, *_pair(head)) for (account, _), head in zip(places, heads, strict=True) if head]
        boosts = await batch(self._connection, *(("HGET", keys.job(job), "boost") for _, job, _ in first))
        found: dict[str, float] = {}
        for (account, _, rank), boost in zip(first, boosts, strict=True):
            since = (rank + float(boost or 0)) / 1000
            found[account] = min(since, found.get(account, since))
        return found

    async def _lane(self, job: str) -> tuple[str, str]:
        ((account, lane),) = await batch(self._connection, ("HMGET", keys.job(job), "account", "lane"))
        return (account or b"").decode(), (lane or b"").decode()

    async def stats(self) -> Stats:
        """Count everything.

        Raises:
            StoreUnavailable: Redis is away.
        """
        lanes = {lane: dict([pair async for pair in self._tenants(lane)]) for lane in LANES}
        priorities, since = await self._census()
        messages, runs, owners, leases, scheduled, dead, still_open, channels = await batch(
            self._connection,
            ("HGETALL", keys.WAITING),
            ("HGETALL", keys.RUNNING),
            ("HVALS", keys.OWNERS),
            *(("ZCARD", key) for key in (keys.LEASES, keys.SCHEDULED, keys.DEAD, keys.OPEN)),
            ("PUBSUB CHANNELS", keys.signals("*")),
        )
        tenants = _by_tenant(lanes, _counts(runs), _counts(messages))
        return Stats(
            waiting=sum(one.high + one.normal for one in tenants),
            running=leases,
            scheduled=scheduled,
            dead=dead,
            open=still_open,
            messages=sum(one.messages for one in tenants),
            since=since,
            priorities=priorities,
            workers=_workers(channels, owners),
            tenants=tenants,
        )

    async def _census(self) -> tuple[dict[int, int], float | None]:
        counted: dict[int, int] = {}
        first: float | None = None
        for lane in LANES:
            async for page in self._slices(lane, None):
                oldest, *pairs = await self._runner.run("census", *_flat(page))
                if oldest:
                    first = min(first or oldest / 1000, oldest / 1000)
                for boost, jobs in zip(pairs[::2], pairs[1::2], strict=True):
                    step = int(boost) // BOOST_PER_STEP_MS
                    counted[step] = counted.get(step, 0) + jobs
        return dict(sorted(counted.items(), reverse=True)), first

    async def _tenants(self, lane: str) -> AsyncIterator[tuple[str, int]]:
        first = 0
        while True:
            answer = await self._runner.run("tenants", lane, first, first + _TENANTS - 1)
            for account, jobs in zip(answer[::2], answer[1::2], strict=True):
                yield account.decode(), jobs
            if len(answer) < 2 * _TENANTS:
                return
            first += _TENANTS

    async def _slices(self, lane: str, account: str | None) -> AsyncIterator[list[Slice]]:
        """Yield the lane in pages; what changes meanwhile may be seen twice or not at all."""
        gathered, jobs = list[Slice](), 0
        async for tenant, count in self._one(lane, account) if account else self._tenants(lane):
            for first in range(0, count, _PAGE):
                gathered.append((keys.ready(lane, tenant), first, min(first + _PAGE, count) - 1))
                jobs += min(_PAGE, count - first)
                if jobs >= _PAGE:
                    yield gathered
                    gathered, jobs = [], 0
        if gathered:
            yield gathered

    async def _one(self, lane: str, account: str) -> AsyncIterator[tuple[str, int]]:
        (count,) = await batch(self._connection, ("ZCARD", keys.ready(lane, account)))
        yield account, count

    async def _all(self, key: str, state: State) -> AsyncIterator[Job]:
        first = 0
        while page := await self._look([(key, first, first + _PAGE - 1)], state):
            for job in page:
                yield job
            first += _PAGE

    async def _look(self, page: Sequence[Slice], state: State) -> list[Job]:
        answer = await self._runner.run("look", *_flat(page))
        return [_job(answer[at : at + _FIELDS], state) for at in range(0, len(answer), _FIELDS)]


def _flat(page: Sequence[Slice]) -> Iterator[Argument]:
    for one in page:
        yield from one


def _job(found: Sequence[bytes | int], state: State) -> Job:
    name, score, account, lane, boost, since, worker, messages, tries, began, stock, cause, parked = found
    told = {State.RUNNING: "lease", State.SCHEDULED: "due"}
    at = {told[state]: float(score) / 1000} if state in told else {}
    state = State.RUNNING if stock else state
    job = _text(name)
    return Job(
        job=job,
        conv=job.removeprefix("turn:").rpartition(":")[0],
        account=_text(account),
        lane=_text(lane),
        priority=int(boost) // BOOST_PER_STEP_MS,
        state=state,
        messages=int(messages),
        tries=int(tries),
        since=int(since) / 1000 or None,
        began=(int(began) / 1000 or None) if state is State.RUNNING else None,
        worker=_text(worker) or None,
        cause=_text(cause) if state is State.SCHEDULED else "",
        parked=bool(parked) and state is State.SCHEDULED,
        **at,
    )


def _text(value: bytes | int) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _counts(hashed: dict[bytes, bytes]) -> dict[str, int]:
    return {name.decode(): int(count) for name, count in hashed.items()}


def _by_tenant(
    lanes: dict[str, dict[str, int]], running: dict[str, int], messages: dict[str, int]
) -> tuple[Tenant, ...]:
    everyone = sorted({*chain.from_iterable(lanes.values()), *running, *messages})
    found = [
        Tenant(
            account=one,
            high=lanes["high"].get(one, 0),
            normal=lanes["normal"].get(one, 0),
            running=running.get(one, 0),
            messages=messages.get(one, 0),
        )
        for one in everyone
    ]
    return tuple(sorted(found, key=lambda one: one.high + one.normal, reverse=True))


def _workers(channels: Iterable[bytes], owners: Iterable[bytes]) -> dict[str, int]:
    """Return the turns that each worker runs; an owner that listens no longer is counted too, until its leases end."""
    prefix = keys.signals("")
    counted = dict.fromkeys(sorted(channel.decode().removeprefix(prefix) for channel in channels), 0)
    for owner in owners:
        counted[owner.decode()] = counted.get(owner.decode(), 0) + 1
    return counted


def _pair(head: Sequence[Any]) -> tuple[str, float]:
    """Return the member and the score of a sorted set's first, as one pair or flat."""
    member, score = head[0] if isinstance(head[0], list | tuple) else head
    return member.decode(), float(score)

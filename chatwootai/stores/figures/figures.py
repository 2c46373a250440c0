"""Figures of turns in Redis: written once a turn in one round trip, read by operators a page at a time.

Bounded in three ways, so that it can never push out a message: rows of one account and of all together, days kept, and
the first to leave where Redis is nearly full (space/shedding.py).
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import orjson

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.figures.day_counts import NOTHING_SPENT, DayCounts, Spent, read_counts, turn_increments
from chatwootai.stores.figures.ended_turn import EndedTurn, read_row
from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.scripts import Runner

_MOST_OF_ACCOUNT: Final = 20_000
_MOST_OF_ALL: Final = 1_000_000
_MOST_RECENT: Final = 100_000
_CHUNK: Final = 1_000
_MOST_READ: Final = 20_000
"""Rows that one page reads, whatever it finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFilter:
    """Conditions on turns. Empty or None: any. `since`, `until`: unix seconds; `slower`: seconds; `turns`: these."""

    account: str | None = None
    conversation: int | None = None
    inbox: int | None = None
    outcome: str = ""
    channel: str = ""
    cause: str = ""
    why: str = ""
    served_by: str = ""
    slower: float | None = None
    config: int | None = None
    since: float | None = None
    until: float | None = None
    turns: frozenset[str] | None = None

    def takes(self, turn: EndedTurn) -> bool:
        """Tell whether a turn is one of them, its time aside."""
        wanted = (
            (self.outcome, turn.outcome), (self.channel, turn.channel), (self.cause, turn.cause),
            (self.why, turn.why), (self.served_by, turn.served_by),
        )  # fmt: skip
        numbers = ((self.conversation, turn.conversation), (self.inbox, turn.inbox), (self.config, turn.config))
        return (
            all(not asked or asked == is_ for asked, is_ in wanted)
            and all(number is None or number == is_ for number, is_ in numbers)
            and (self.turns is None or turn.turn in self.turns)
            and (self.slower is None or turn.seconds > self.slower)
        )


@dataclass(frozen=True, slots=True)
class IndexedTurn:
    """A turn of the index. `at`: when it ended, unix seconds; `place`: its cursor."""

    at: float
    place: str
    turn: EndedTurn


@dataclass(frozen=True, slots=True)
class TurnPage:
    """A page, newest first. `cursor`: where the next begins, None: there is none. `read`: rows that were looked at."""

    turns: tuple[IndexedTurn, ...]
    cursor: str | None
    read: int = 0


@dataclass(slots=True)
class _Scan:
    found: list[IndexedTurn] = field(default_factory=list)
    read: int = 0
    last: str = ""
    ended: bool = False


class Figures:
    """The index and the days of one installation. The bounds are in rows, of one account's index and of all."""

    def __init__(
        self, connection: Connection, *, most_of_account: int = _MOST_OF_ACCOUNT, most_of_all: int = _MOST_OF_ALL
    ) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)
        self._bounds = (most_of_account, most_of_all, _MOST_RECENT)

    async def write(
        self,
        turn: EndedTurn,
        record: dict[str, Any],
        day: date,
        *,
        superseded: int = 0,
        spent: Spent = NOTHING_SPENT,
        canary: str = "",
    ) -> None:
        """Keep a turn's record, its row, and what it adds to its day (in its account's time zone).

        `canary`: version and side of a canary that it counts for, as `7:base`; empty: none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        counts = [one for pair in turn_increments(turn, superseded, spent) for one in pair]
        kept = (lifetimes.TURN_MS, lifetimes.DAY_COUNTS_MS)
        where = (turn.account, turn.turn, orjson.dumps(record), turn.row(), day.isoformat())
        await self._runner.run("turn_ended", *where, *kept, *self._bounds, canary, *counts)

    async def page(
        self, wanted: TurnFilter, *, most: int = 50, cursor: str | None = None, most_read: int = _MOST_READ
    ) -> TurnPage:
        """Return the newest turns that are wanted, `most` at once, those before `cursor`; reads about `most_read` rows.

        Where few of many are wanted a page may be short, or empty, and its cursor leads on. Of one account as many are
        found as are kept; without an account the newest 100,000 of all.

        Raises:
            StoreUnavailable: Redis is away.
            ValueError: the cursor is none of ours.
        """
        stream = keys.turns(wanted.account) if wanted.account else keys.TURNS_RECENT
        oldest = f"{int(wanted.since * 1000)}" if wanted.since else "-"
        newest = f"({cursor_id(cursor)}" if cursor else (f"{int(wanted.until * 1000)}" if wanted.until else "+")
        scan = _Scan()
        while len(scan.found) < most and scan.read < most_read and not scan.ended:
            (rows,) = await batch(self._connection, ("XREVRANGE", stream, newest, oldest, "COUNT", _CHUNK))
            _take(scan, rows, wanted, most)
            newest = f"({scan.last}"
        return TurnPage(tuple(scan.found), None if scan.ended else scan.last, scan.read)

    async def days(self, account: str | None, days: Sequence[date]) -> list[DayCounts]:
        """Return what was counted on each day, of an account or of all.

        Raises:
            StoreUnavailable: Redis is away.
        """
        read = await batch(self._connection, *(("HGETALL", keys.day_counts(account, day)) for day in days))
        return [read_counts(_fields(one)) for one in read]

    async def newest(self, accounts: Sequence[str]) -> dict[str, float]:
        """Return when the newest turn of each account ended, unix seconds; of those that have one.

        Raises:
            StoreUnavailable: Redis is away.
        """
        asked = (("XREVRANGE", keys.turns(account), "+", "-", "COUNT", 1) for account in accounts)
        read = await batch(self._connection, *asked)
        return {
            account: int(rows[0][0].decode().partition("-")[0]) / 1000
            for account, rows in zip(accounts, read, strict=True)
            if rows
        }

    async def costs(self, accounts: Sequence[str], days: Sequence[date]) -> dict[str, tuple[int, int]]:
        """Return what these days cost each account, as EndedTurn counts it, and its tokens.

        Raises:
            StoreUnavailable: Redis is away.
        """
        asked = [(account, keys.day_counts(account, day)) for account in accounts for day in days]
        found = dict.fromkeys(accounts, (0, 0))
        for first in range(0, len(asked), _CHUNK):
            some = asked[first : first + _CHUNK]
            read = await batch(self._connection, *(("HMGET", key, "cost", "tokens") for _, key in some))
            for (account, _), (cost, tokens) in zip(some, read, strict=True):
                before = found[account]
                found[account] = (before[0] + int(cost or 0), before[1] + int(tokens or 0))
        return found

    async def accounts(self) -> dict[str, int]:
        """Return how many turns are kept of each account.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (raw,) = await batch(self._connection, ("ZRANGE", keys.TURNS_SIZES, 0, -1, "WITHSCORES"))
        flat = iter(_flat(raw))
        return {name.decode(): int(float(size)) for name, size in zip(flat, flat, strict=True)}

    async def walk(self, wanted: TurnFilter, *, most: int = _MOST_READ) -> AsyncIterator[IndexedTurn]:
        """Yield turns that are wanted, newest first, at most so many.

        Raises:
            StoreUnavailable: Redis is away.
        """
        cursor: str | None = None
        while most > 0:
            page = await self.page(wanted, most=min(most, _CHUNK), cursor=cursor)
            for turn in page.turns:
                yield turn
            most -= len(page.turns)
            cursor = page.cursor
            if cursor is None:
                return


def cursor_id(cursor: str) -> str:
    """Return a cursor, if it is one.

    Raises:
        ValueError: it is not.
    """
    ms, _, sequence = cursor.partition("-")
    if not (ms.isascii() and ms.isdigit() and sequence.isascii() and sequence.isdigit()) or len(cursor) > 40:
        raise ValueError("a cursor is as the page before gave it")
    return cursor


def _take(scan: _Scan, rows: Iterable[Any], wanted: TurnFilter, most: int) -> None:
    """Take from rows what is wanted, until the page is full; less than a chunk is the end."""
    rows = list(rows)
    for place, fields in rows:
        scan.read += 1
        scan.last = place.decode()
        turn = read_row(fields[b"t"])
        if turn is not None and wanted.takes(turn):
            scan.found.append(IndexedTurn(int(scan.last.partition("-")[0]) / 1000, scan.last, turn))
            if len(scan.found) == most:
                scan.ended = place == rows[-1][0] and len(rows) < _CHUNK
                return
    scan.ended = len(rows) < _CHUNK


def _fields(raw: Any) -> dict[str, int]:
    pairs = raw.items() if isinstance(raw, dict) else zip(*[iter(raw)] * 2, strict=True)
    return {name.decode("utf-8", "replace"): int(value) for name, value in pairs}


def _flat(raw: Any) -> list[Any]:
    return [one for pair in raw for one in (pair if isinstance(pair, list | tuple) else (pair,))]

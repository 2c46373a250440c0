"""An index of turns that is full: 1,000,000 of 1,000 accounts over seven days, as the turns' own script leaves it."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.figures.day_counts import turn_increments
from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.server.connection import Connection, batch

DAYS = 7
_RECENT = 100_000
"""Turns in the index of all accounts, as figures/figures.py keeps them."""
_AT_ONCE = 4_000
_OUTCOMES = ("reply",) * 7 + ("handoff", "handoff", "silence")
_CAUSES = (("model", "timeout"), ("asked", ""), ("topic", "refund"), ("policy", "angry"))
_CHANNELS = ("whatsapp", "web", "email", "instagram")
_SERVED = ("crew", "fused", "quick", "curated", "cache")

Command = tuple[str | bytes | int | float, ...]


async def fill(connection: Connection, turns: int, accounts: int, seed: int = 1) -> None:
    """Write so many turns, evenly over the accounts and the last seven days, and the days' counts of 90 days.

    Each row and each count is made as `turn_ended` gets them; the script itself would take minutes, and a record for
    each turn a gigabyte.
    """
    begin = time.time() - DAYS * 86_400 + 3_600
    step = (DAYS * 86_400 - 7_200) / turns
    days: dict[tuple[str, date], Counter[str]] = {}
    rows = _rows(random.Random(seed), turns, accounts, begin, step, days)
    while some := list(islice(rows, _AT_ONCE)):
        await batch(connection, *some)
    kept = Counter(_account(number, accounts) for number in range(turns))
    await batch(connection, *(("ZADD", keys.TURNS_SIZES, size, account) for account, size in kept.items()))
    await batch(connection, ("SET", "cw:turns-kept", turns))
    for (_, day), own in list(days.items()):
        days.setdefault(("", day), Counter()).update(own)
    counts = iter([*_days(days), *_older(days)])
    while some := list(islice(counts, _AT_ONCE)):
        await batch(connection, *some)


def _account(number: int, accounts: int) -> str:
    return str(1 + number % accounts)


def _rows(
    drawn: random.Random,
    turns: int,
    accounts: int,
    begin: float,
    step: float,
    days: dict[tuple[str, date], Counter[str]],
) -> Iterator[Command]:
    for number in range(turns):
        at = begin + number * step
        turn = _turn(drawn, number, _account(number, accounts))
        place, row = f"{int(at * 1000)}-{number % 1000}", turn.row()
        yield ("XADD", keys.turns(turn.account), place, "t", row)
        if number >= turns - _RECENT:
            yield ("XADD", keys.TURNS_RECENT, place, "t", row)
        day = datetime.fromtimestamp(at, UTC).date()
        own = days.setdefault((turn.account, day), Counter())
        for name, amount in turn_increments(turn, 0):
            own[name] += amount


def _turn(drawn: random.Random, number: int, account: str) -> EndedTurn:
    outcome = drawn.choice(_OUTCOMES)
    cause, why = drawn.choice(_CAUSES) if outcome == "handoff" else ("", "stepped_in" if outcome == "silence" else "")
    return EndedTurn(
        account=account,
        turn=f"turn:{account}:{number}:{number}",
        conversation=number // 4 + 1,
        inbox=1 + number % 3,
        channel=drawn.choice(_CHANNELS),
        outcome=outcome,
        cause=cause,
        why=why,
        served_by=drawn.choice(_SERVED) if outcome == "reply" else "",
        seconds=drawn.lognormvariate(0.5, 0.7),
        cost=drawn.randrange(2_000_000),
        tokens=drawn.randrange(4_000),
        config=drawn.randrange(1, 9),
        late="draft",
    )


def _days(days: dict[tuple[str, date], Counter[str]]) -> Iterator[Command]:
    for (account, day), counts in days.items():
        key = keys.day_counts(account or None, day)
        yield ("HSET", key, *(part for pair in counts.items() for part in pair))
        yield ("PEXPIRE", key, lifetimes.DAY_COUNTS_MS)


def _older(days: dict[tuple[str, date], Counter[str]]) -> Iterator[Command]:
    """Yield the days before, whose turns are gone: each as the last of its account was."""
    newest = {account: (day, counts) for (account, day), counts in sorted(days.items(), key=lambda one: one[0][1])}
    for account, (day, counts) in newest.items():
        for back in range(DAYS + 1, 90):
            yield (
                "HSET",
                keys.day_counts(account or None, day - timedelta(days=back)),
                *(part for pair in counts.items() for part in pair),
            )

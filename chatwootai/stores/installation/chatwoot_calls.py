"""Keeps by account how calls to Chatwoot went lately, of all workers: last success, last error, share of errors."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.scripts import Runner

WINDOW_MINUTES: Final = 5
"""Minutes that shares of errors are of."""
_MOST_ACCOUNTS: Final = 20_000
_MOST_TOLD: Final = 200
_MOST_READ: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsTold:
    """Calls of an account, as one worker tells of them.

    `ok`, `bad`: unix seconds of the last success and error, 0: none since. `why`: of the last error; never what a
    customer wrote. `calls`: all that ended, `errors` among them.
    """

    ok: float
    bad: float
    why: str
    calls: int
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCalls:
    """Calls of an account, as far as they are known. `ok`, `bad`: unix seconds, None: not within a day.

    `calls` and `errors` are of the last five minutes.
    """

    account: str
    ok: float | None
    bad: float | None
    why: str
    calls: int
    errors: int

    @property
    def share(self) -> float:
        """Return the share of errors, from 0 to 1."""
        return self.errors / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class KnownCalls:
    """Accounts, the worst first, and how many there are that are not among them, none of which fails now."""

    accounts: Sequence[AccountCalls]
    others: int


class ChatwootCalls:
    """The calls to Chatwoot of one installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def tell(self, told: Mapping[str, CallsTold]) -> None:
        """Add what a worker's calls came to since it last told, by account: 200 accounts in one round trip.

        Raises:
            StoreUnavailable: Redis is away; some may have been added.
        """
        rows = list(told.items())
        for start in range(0, len(rows), _MOST_TOLD):
            flat = [part for account, one in rows[start : start + _MOST_TOLD] for part in (account, _packed(one))]
            await self._runner.run("chatwoot_calls", WINDOW_MINUTES, lifetimes.CHATWOOT_CALLS_MS, _MOST_ACCOUNTS, *flat)

    async def known(self, account: str | None = None) -> KnownCalls:
        """Return what is known, of one account or of all; where there are more than 500, of those that failed last.

        Accounts of which nothing was told for a day are forgotten.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if account is not None:
            (found,) = await batch(self._connection, ("HMGET", keys.CHATWOOT_CALLS, account))
            return KnownCalls(_known({account: found[0]}), 0)
        count, failing = await batch(
            self._connection,
            ("HLEN", keys.CHATWOOT_CALLS),
            ("ZRANGE", keys.CHATWOOT_FAILING, 0, _MOST_READ - 1, "REV"),
        )
        if count <= _MOST_READ:
            return KnownCalls(await self._all(), 0)
        if not failing:
            return KnownCalls([], count)
        (values,) = await batch(self._connection, ("HMGET", keys.CHATWOOT_CALLS, *failing))
        found = _known({name.decode(): said for name, said in zip(failing, values, strict=True)})
        return KnownCalls(found, max(0, count - len(found)))

    async def _all(self) -> list[AccountCalls]:
        (raw,) = await batch(self._connection, ("HGETALL", keys.CHATWOOT_CALLS))
        known = {name.decode(): said for name, said in raw.items()}
        found = _known(known)
        if forgotten := {*known} - {one.account for one in found}:
            await batch(self._connection, ("HDEL", keys.CHATWOOT_CALLS, *forgotten))
        return found


def _packed(one: CallsTold) -> bytes:
    ms = {"ok": int(one.ok * 1000), "bad": int(one.bad * 1000)}
    return orjson.dumps({**ms, "why": one.why, "calls": one.calls, "errors": one.errors})


def _known(raw: Mapping[str, bytes | None]) -> list[AccountCalls]:
    now = time.time()
    found = [_account(name, orjson.loads(said), now) for name, said in raw.items() if said]
    heard = [one for one in found if one.ok is not None or one.bad is not None]
    return sorted(heard, key=lambda one: (-one.share, -one.errors, -(one.bad or 0.0), len(one.account), one.account))


def _account(name: str, said: Mapping[str, Any], now: float) -> AccountCalls:
    first = int(now / 60) - WINDOW_MINUTES
    counts = [each for minute, each in said["minutes"].items() if int(minute) > first]
    bad = _within_a_day(said["bad"], now)
    return AccountCalls(
        account=name, ok=_within_a_day(said["ok"], now), bad=bad, why=str(said["why"]) if bad else "",
        calls=sum(int(calls) for calls, _ in counts), errors=sum(int(errors) for _, errors in counts),
    )  # fmt: skip


def _within_a_day(ms: float, now: float) -> float | None:
    at = ms / 1000
    return at if now - at < lifetimes.CHATWOOT_CALLS_MS / 1000 else None

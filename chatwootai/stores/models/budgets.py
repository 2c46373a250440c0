"""Spending by account, inbox and contact, a day or a month: set aside before a call, settled after it.

A worker that dies between the two leaves what it had set aside counted as spent, until the period is over: a budget
errs towards less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chatwootai.stores.lifetimes import SPENT_MS
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner


@dataclass(frozen=True, slots=True)
class SpendingAccount:
    """One counter with its ceiling: `unit` nano (billionths of a dollar) or tokens, `period` as 2026-11-22 or 2026-11.

    `scope`: tenant, inbox:17, contact:93. `thresholds`: amounts at which to tell, rising.
    """

    account: str
    scope: str
    unit: str
    period: str
    ceiling: int
    thresholds: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Return its key, after `cw:spent:`."""
        return f"{self.account}:{self.scope}:{self.unit}:{self.period}"

    @property
    def keep_ms(self) -> int:
        """Return the milliseconds for which it is kept."""
        return SPENT_MS["month" if self.period.count("-") == 1 else "day"]


class BudgetStore:
    """Counters of spending in Redis."""

    def __init__(self, connection: Connection) -> None:
        self._runner = Runner.of(connection)

    async def reserve(self, wanted: Sequence[tuple[SpendingAccount, int]]) -> SpendingAccount | None:
        """Set an amount aside in every account, or in none: then the one that has too little left is returned.

        Raises:
            StoreUnavailable: Redis is away.
        """
        arguments = [part for each, amount in wanted for part in (each.name, each.ceiling, amount, each.keep_ms)]
        refused = int(await self._runner.run("reserve", *arguments))
        return wanted[refused - 1][0] if refused else None

    async def settle(self, spent: Sequence[tuple[SpendingAccount, int]]) -> list[tuple[SpendingAccount, int]]:
        """Add differences to what was set aside; the accounts that passed a threshold, each with its number from 0.

        Raises:
            StoreUnavailable: Redis is away.
        """
        arguments = [
            part for each, change in spent for part in (each.name, change, ",".join(map(str, each.thresholds)))
        ]
        passed = await self._runner.run("spend", *arguments)
        return [(each, int(number) - 1) for (each, _), number in zip(spent, passed, strict=True) if number]

    async def used(self, account: SpendingAccount) -> int:
        """Return the amount that counts as spent now, all that is set aside included.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return int(await self._runner.run("spent", account.name))

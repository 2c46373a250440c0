"""Spending on model calls: by day, account, crew and model, where a month is heading, and how full each budget is."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from chatwootai.stores.figures.day_counts import DayCounts, sum_counts
from chatwootai.stores.figures.ended_turn import NANO
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.models.budgets import BudgetStore, SpendingAccount
from chatwootai.stores.server.connection import Connection
from config.snapshot import Account

_MOST_ACCOUNTS: Final = 60
_MOST_BUDGETS: Final = 50

Json = dict[str, Any]


async def read_spending(connection: Connection, account: str | None, days: Sequence[date]) -> Json:
    """Return what `days` (oldest first) cost an account, or all, as `GET /api/cost` has it.

    Raises:
        StoreUnavailable: Redis is away.
    """
    found = await Figures(connection).days(account, days)
    total = sum_counts(found)
    return {
        "account": account,
        "days": [{"date": day.isoformat(), **_amounts(one)} for day, one in zip(days, found, strict=True)],
        "sum": _amounts(total),
        "crews": _by_name(total.crew_cost),
        "models": [{**one, "tokens": total.model_tokens[one["name"]]} for one in _by_name(total.model_cost)],
        "month": await _month(connection, account, days[-1]),
    }


def _amounts(counts: DayCounts) -> Json:
    turns, replies = counts.turns(), counts.turns("reply")
    return {
        "cost": counts.cost / NANO,
        "tokens": counts.tokens,
        "turns": turns,
        "cost_per_reply": counts.cost / NANO / replies if replies else None,
    }


def _by_name(costs: Mapping[str, int]) -> list[Json]:
    ranked = sorted(costs.items(), key=lambda one: -one[1])
    return [{"name": name, "cost": amount / NANO} for name, amount in ranked]


async def _month(connection: Connection, account: str | None, today: date) -> Json:
    """Return what the month has cost so far, and what it comes to if it goes on like that."""
    begin = today.replace(day=1)
    found = await Figures(connection).days(account, [begin + timedelta(days=back) for back in range(today.day)])
    cost = sum_counts(found).cost / NANO
    length = ((begin + timedelta(days=32)).replace(day=1) - begin).days
    return {"cost": cost, "projected": cost * length / today.day, "days": today.day, "of": length}


async def read_accounts(connection: Connection, days: Sequence[date]) -> list[Json]:
    """Return what the 60 accounts with the most turns cost, the dearest first.

    Raises:
        StoreUnavailable: Redis is away.
    """
    figures = Figures(connection)
    sizes = await figures.accounts()
    busiest = sorted(sizes, key=lambda one: -sizes[one])[:_MOST_ACCOUNTS]
    costs = await figures.costs(busiest, days)
    rows = [{"account": key, "cost": cost / NANO, "tokens": tokens} for key, (cost, tokens) in costs.items()]
    return sorted(rows, key=lambda one: -one["cost"])


async def read_budgets(connection: Connection, account: Account, now: float) -> list[Json]:
    """Return an account's ceilings and how much of each is used: `unit` is dollars, tokens or turns.

    Amounts of money in another currency than US dollars have no ceiling here: the price list of the workers has its
    rate. Budgets of single contacts are left out.

    Raises:
        StoreUnavailable: Redis is away.
    """
    store = BudgetStore(connection)
    rows = []
    for each, ceiling in _ceilings(account, now)[:_MOST_BUDGETS]:
        used = await store.used(each)
        amount = used / NANO if each.unit == "nano" else used
        unit = "dollars" if each.unit == "nano" else each.unit
        rows.append({"scope": each.scope, "unit": unit, "period": each.period, "used": amount, "ceiling": ceiling})
    return rows


def _ceilings(account: Account, now: float) -> list[tuple[SpendingAccount, float | None]]:
    budget = account.settings.budget
    at = datetime.fromtimestamp(now, account.settings.zone or ZoneInfo("UTC"))
    day, month = f"{at:%Y-%m-%d}", f"{at:%Y-%m}"
    scopes = {"tenant": budget, **{f"inbox:{inbox}": budget.inbox for inbox in account.inboxes}}
    found: list[tuple[SpendingAccount, float | None]] = [
        (SpendingAccount(account.key, scope, "nano", period, 0), amount if budget.currency == "USD" else None)
        for scope, money in scopes.items()
        for period, amount in ((day, money.per_day), (month, money.per_month))
        if amount is not None
    ]
    for unit, most in (("tokens", budget.tokens_per_day), ("turns", budget.turns_per_day)):
        if most is not None:
            found.append((SpendingAccount(account.key, "tenant", unit, day, 0), most))
    return found

"""Cost and budgets: by day, account, crew and model, and how full each budget is."""

import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from ops.console.context import console_of, person
from ops.console.data.installation.spending import read_accounts, read_budgets, read_spending
from ops.console.data.query import read_days
from ops.console.pages.installation.view import View, account_key

_DAYS_OF_ALL = 30
"""Days at the most for which accounts are listed one by one."""


async def _read_cost(request: web.Request) -> dict[str, Any]:
    console, key = console_of(request), account_key(request)
    account = (await console.accounts.all()).get(key or "")
    days = read_days(request.query, datetime.now(account.settings.zone if account else UTC).date())
    found = await read_spending(console.connection, key, days)
    all_of_them = key is None and person(request).account is None
    listed = all_of_them and len(days) <= _DAYS_OF_ALL
    found["accounts"] = await read_accounts(console.connection, days) if listed else []
    found["budgets"] = await read_budgets(console.connection, account, time.time()) if account else []
    return found


cost = View("cost.html", _read_cost)

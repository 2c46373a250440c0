"""The index that the console's bench fills is one that turns could have left."""

from datetime import UTC, datetime, timedelta

from bench.console.ended import ended
from bench.console.stock import fill
from chatwootai.stores.figures.figures import Figures, TurnFilter
from chatwootai.stores.server.connection import Connection


async def test_rows_and_days_say_the_same(redis: Connection) -> None:
    await fill(redis, 600, 3)
    figures = Figures(redis)
    assert await figures.accounts() == {"1": 200, "2": 200, "3": 200}
    rows = [one async for one in figures.walk(TurnFilter(account="2"))]
    assert len(rows) == 200
    today = datetime.now(UTC).date()
    days = await figures.days("2", [today - timedelta(days=back) for back in range(8)])
    assert sum(one.turns() for one in days) == 200
    assert sum(one.turns("reply") for one in days) == sum(one.turn.outcome == "reply" for one in rows)
    everybody = await figures.days(None, [today - timedelta(days=back) for back in range(8)])
    assert sum(one.turns() for one in everybody) == 600
    assert len([one async for one in figures.walk(TurnFilter())]) == 600


async def test_the_cost_of_figures_is_measured(redis: Connection) -> None:
    assert (await ended(redis)).value > 0

"""The tool of the owner's crew: figures of its own account, for no other crew, and no word of a customer."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.server.connection import Connection, connect
from config.settings.settings import Settings
from crews.catalog import SHIPPED, Catalog
from crews.runtime import environment
from tests.builders import question
from tests.integration.crews.tools.test_tools_used import Model, catalog

FUNCTION = "analytics"
YESTERDAY, DAY_BEFORE = date(2026, 11, 27), date(2026, 11, 26)


async def _ended(figures: Figures, number: int, day: date, **changes: Any) -> None:
    fields: dict[str, Any] = {
        "account": "1", "turn": f"{number:032x}", "conversation": number, "inbox": 17, "channel": "whatsapp",
        "outcome": "reply", "served_by": "crew", "seconds": 1.2, "cost": 1_000_000, "tokens": 900,
    }  # fmt: skip
    await figures.write(EndedTurn(**{**fields, **changes}), {}, day)


async def _played(redis: Connection) -> Figures:
    figures = Figures(redis)
    for number in range(8):
        await _ended(figures, number, YESTERDAY)
    await _ended(figures, 8, YESTERDAY, outcome="handoff", cause="topic", why="Troca", served_by="people")
    await _ended(figures, 9, YESTERDAY, channel="email", inbox=18, seconds=4.4)
    await _ended(figures, 10, DAY_BEFORE)
    await _ended(figures, 11, YESTERDAY, account="2")
    return figures


async def _asked(model: Model, known: Catalog, figures: Figures | None, function: str) -> list[str]:
    environment.load()
    from crews.answer.draft import Crews

    asked = question("Como foi ontem?", function=function, domain="d", seconds=60)
    crews = Crews(known, model)
    crews._tools.figures = figures
    await crews.draft(asked, Settings())
    return model.results


async def test_the_owner_reads_the_account_s_own_figures(redis: Connection) -> None:
    figures = await _played(redis)
    model = Model(("figures", {"first": "2026-11-27", "last": "2026-11-27"}))
    (said,) = await _asked(model, Catalog(SHIPPED), figures, FUNCTION)
    found = json.loads(said)
    assert (found["turns"], found["replies"], found["handoffs"], found["handoffs_by_cause"]) == (10, 9, 1, {"topic": 1})
    assert (found["answered_without_people_percent"], found["under_3_s_percent"]) == (90.0, 88.9)
    assert found["by_channel"]["email"] == {"reply": 1, "handoff": 0, "silence": 0}
    assert found["by_inbox"]["17"] == {"reply": 8, "handoff": 1, "silence": 0}
    assert found["cost"] == pytest.approx(0.01)
    assert found["period_before"]["turns"] == 1
    assert "by_day" not in found


async def test_a_week_is_told_day_by_day(redis: Connection) -> None:
    figures = await _played(redis)
    model = Model(("figures", {"first": "2026-11-27", "last": "2026-11-21"}))
    (said,) = await _asked(model, Catalog(SHIPPED), figures, FUNCTION)
    days = json.loads(said)["by_day"]
    assert len(days) == 7
    assert days[-2:] == [
        {"day": "2026-11-26", "turns": 1, "reply": 1, "handoff": 0},
        {"day": "2026-11-27", "turns": 10, "reply": 9, "handoff": 1},
    ]


async def test_no_other_crew_reads_them(redis: Connection, tmp_path: Path) -> None:
    figures = await _played(redis)
    model = Model(("figures", {"first": "2026-11-27", "last": "2026-11-27"}))
    (said,) = await _asked(model, catalog(tmp_path, "figures"), figures, "shop")
    assert "not available in this conversation" in said
    assert "10" not in said


async def test_what_cannot_be_read_is_not_estimated() -> None:
    nobody = connect("redis://127.0.0.1:1/0")
    try:
        for figures in (None, Figures(nobody)):
            model = Model(("figures", {"first": "2026-11-27", "last": "2026-11-27"}))
            (said,) = await _asked(model, Catalog(SHIPPED), figures, FUNCTION)
            assert "do not estimate" in said
    finally:
        await nobody.aclose()


@pytest.mark.parametrize("period", [("yesterday", "today"), ("2026-01-01", "2026-12-31")])
async def test_a_period_that_is_none_is_told_to_the_model(redis: Connection, period: tuple[str, str]) -> None:
    model = Model(("figures", {"first": period[0], "last": period[1]}))
    (said,) = await _asked(model, Catalog(SHIPPED), Figures(redis), FUNCTION)
    assert "first" in said or "92 days" in said

"""Turns, outcomes and budgets as pages have them, of made-up counts: amounts in dollars, shares, what is left out."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from chatwootai.stores.figures.day_counts import DayCounts
from chatwootai.stores.figures.ended_turn import NANO, EndedTurn
from chatwootai.stores.figures.figures import IndexedTurn
from config.settings.settings import Settings
from config.snapshot import Inbox
from ops.console.data.installation.spending import _amounts, _by_name, _ceilings
from ops.console.data.outcomes import _channels, _shown
from ops.console.data.turns import turn_as_json
from tests.builders import account

TURN = EndedTurn(
    account="1", turn="t", conversation=25, inbox=17, channel="email", outcome="handoff", cause="topic",
    why="refunds", served_by="people", seconds=1.5, cost=2_500_000, tokens=900, config=4, late="model",
)  # fmt: skip
BARE = EndedTurn(account="1", turn="t", conversation=25, inbox=17, channel="email", outcome="silence")


def test_a_turn_is_told_with_its_cost_in_dollars() -> None:
    found = turn_as_json(IndexedTurn(9.0, "9-0", TURN))
    assert (found["cost"], found["tokens"], found["at"]) == (0.0025, 900, 9.0)
    assert (found["cause"], found["why"], found["served_by"]) == ("topic", "refunds", "people")
    assert (found["slowest_step"], found["config_version"]) == ("model", 4)


@pytest.mark.parametrize("name", ["cause", "why", "served_by", "slowest_step", "config_version"])
def test_what_a_turn_does_not_have_is_null(name: str) -> None:
    assert turn_as_json(IndexedTurn(9.0, "9-0", BARE))[name] is None


COUNTS = DayCounts(
    outcomes=Counter({("reply", "email"): 3, ("handoff", "email"): 1, ("reply", "sms"): 9, ("silence", "sms"): 2}),
    silences=Counter({"blocked": 1, "no_words": 5}),
    superseded=4,
    cost=6 * NANO,
    tokens=700,
)


def test_channels_come_by_their_turns_whatever_came_of_them() -> None:
    assert list(_channels(COUNTS).items()) == [("sms", 11), ("email", 4)]
    assert _channels(DayCounts()) == {}


def test_outcomes_are_told_with_what_was_superseded_and_why_nothing_was_said() -> None:
    found = _shown(COUNTS)
    assert (found["turns"], found["replies"], found["handed_over"], found["superseded"]) == (15, 12, 1, 4)
    assert list(found["silences_by_reason"].items()) == [("no_words", 5), ("blocked", 1)]


def test_a_reply_costs_its_share_and_without_replies_nothing_is_said() -> None:
    assert _amounts(COUNTS) == {"cost": 6.0, "tokens": 700, "turns": 15, "cost_per_reply": 0.5}
    assert _amounts(DayCounts(cost=NANO))["cost_per_reply"] is None


def test_what_costs_most_comes_first() -> None:
    assert _by_name({"small": NANO, "large": 3 * NANO}) == [
        {"name": "large", "cost": 3.0}, {"name": "small", "cost": 1.0},
    ]  # fmt: skip


NOW = datetime(2026, 12, 1, 1, 30, tzinfo=UTC).timestamp()


def ceilings(budget: dict[str, Any], inboxes: tuple[int, ...] = (), **more: Any) -> list[tuple[Any, ...]]:
    settings = Settings.model_validate({"budget": budget, **more})
    made = {one: Inbox(id=one, domain="retail", folder="acme", settings=settings) for one in inboxes}
    found = _ceilings(account(settings=settings, inboxes=made), NOW)
    return [(each.scope, each.unit, each.period, most) for each, most in found]


def test_a_budget_that_is_not_set_has_no_ceiling() -> None:
    assert ceilings({}) == []


def test_each_ceiling_is_of_its_day_or_month() -> None:
    assert ceilings({"per_day": 5, "per_month": 90, "tokens_per_day": 1_000, "turns_per_day": 30}) == [
        ("tenant", "nano", "2026-12-01", 5),
        ("tenant", "nano", "2026-12", 90),
        ("tenant", "tokens", "2026-12-01", 1_000),
        ("tenant", "turns", "2026-12-01", 30),
    ]


def test_an_inbox_has_a_ceiling_of_its_own() -> None:
    found = ceilings({"inbox": {"per_day": 2}}, inboxes=(17, 18))
    assert found == [(f"inbox:{one}", "nano", "2026-12-01", 2) for one in (17, 18)]


def test_money_of_another_currency_has_no_ceiling_here() -> None:
    assert ceilings({"per_day": 5, "currency": "BRL"}) == [("tenant", "nano", "2026-12-01", None)]


def test_a_day_is_one_of_the_accounts_zone() -> None:
    found = ceilings({"turns_per_day": 30, "per_month": 9}, hours={"time_zone": "America/Sao_Paulo", "week": {}})
    assert [period for _, _, period, _ in found] == ["2026-11", "2026-11-30"]

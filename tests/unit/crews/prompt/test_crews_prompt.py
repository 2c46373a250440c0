from dataclasses import replace
from datetime import UTC, datetime

import pytest

from config.schema.crew_schema import PLACEHOLDERS
from config.settings.settings import Settings
from crews.catalog import SHIPPED, Catalog
from crews.prompt.settings_text import daily_situation, placeholder_values, question_situation
from tests.unit.chatwootai.model.message.test_model_turn import question

SHOP = {
    "language": "es",
    "tone": "warm",
    "company": {
        "name": "Sandra",
        "description": "Cosmetics.",
        "facts": {"entrega": "2 dias {tone}", "troca": "30 dias"},
    },
    "hours": {"time_zone": "America/Sao_Paulo", "week": {"monday": ["09:00-12:00", "13:00-18:00"]}},
    "promotions": [{"name": "Verão", "text": "10% off", "start": "2026-01-05", "end": "2026-01-06"}],
    "channels": {"email": {"tone": "formal", "emoji": False}},
}


def filled(channel: str = "whatsapp", **settings: object) -> dict[str, str]:
    blueprint = Catalog(SHIPPED).blueprint("customer_service", channel)
    return placeholder_values(Settings.model_validate(settings), blueprint)


def test_every_placeholder_has_a_value_whatever_the_settings_say() -> None:
    assert set(filled()) == set(PLACEHOLDERS)
    assert set(filled(**SHOP)) == set(PLACEHOLDERS)


def test_the_companys_facts_are_in_the_prompt_as_they_are() -> None:
    found = filled(**SHOP)
    assert found["company.facts"] == "- entrega: 2 dias {tone}\n- troca: 30 dias"
    assert found["language"] == "Spanish"
    assert "09:00-12:00, 13:00-18:00" in found["company.hours"]


def test_a_channels_own_settings_come_before_the_tenants() -> None:
    assert filled("email", **SHOP)["tone"] == "formal"
    assert filled("email", **SHOP)["emoji"] == "Use no emoji."
    assert filled("whatsapp", **SHOP)["tone"] == "warm"
    assert filled("whatsapp", **SHOP)["emoji"] == "An emoji now and then is welcome."


@pytest.mark.parametrize(
    ("utc", "day", "there", "offered"),
    [
        (datetime(2026, 1, 5, 13, 0, tzinfo=UTC), "Monday, 2026-01-05", "there now", True),  # 10:00 there
        (datetime(2026, 1, 5, 15, 30, tzinfo=UTC), "Monday, 2026-01-05", "not there now", True),  # lunch
        (datetime(2026, 1, 7, 1, 0, tzinfo=UTC), "Tuesday, 2026-01-06", "not there now", True),  # still Tuesday there
        (datetime(2026, 1, 7, 13, 0, tzinfo=UTC), "Wednesday, 2026-01-07", "not there now", False),
    ],
)
def test_the_situation_is_the_tenants_day(utc: datetime, day: str, there: str, offered: bool) -> None:
    text = daily_situation(Settings.model_validate(SHOP), utc)
    assert f"Today is {day}." in text
    assert f"People of the team are {there}." in text
    assert ("Verão" in text) is offered


def test_without_hours_nobody_is_said_to_be_there() -> None:
    assert daily_situation(Settings(), datetime(2026, 1, 5, tzinfo=UTC)) == "Today is Monday, 2026-01-05."


@pytest.mark.parametrize(
    ("language", "greeted", "lines"),
    [
        ("pt", False, []),
        ("pt-BR", False, []),
        (None, False, []),
        ("es", False, ["The customer writes in Spanish: answer in Spanish."]),
        ("pt", True, ["A greeting is put above your answer: write none yourself."]),
        ("xx", False, []),
    ],
)
def test_what_only_this_question_is_like(language: str | None, greeted: bool, lines: list[str]) -> None:
    asked = replace(question(), language=language, greeted=greeted)
    assert question_situation(asked, Settings()).splitlines() == lines

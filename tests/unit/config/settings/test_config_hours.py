"""Opening hours and promotions: when people are there, and how that is said."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from config.settings.company import Company, Promotion
from config.settings.hours import Hours
from config.settings.settings import Settings

WEEK = {"monday": ["09:00-12:00", "13:00-18:00"], "saturday": ["09:00-13:00"], "sunday": ["22:00-24:00"]}
SHOP = Hours.model_validate({"time_zone": "America/Sao_Paulo", "week": WEEK, "holidays": ["2026-12-28"]})


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23 08:59", False),
        ("2026-11-23 09:00", True),
        ("2026-11-23 12:00", False),  # lunch
        ("2026-11-23 13:00", True),
        ("2026-11-23 18:00", False),
        ("2026-11-24 10:00", False),
        ("2026-11-28 12:59", True),
        ("2026-11-29 23:59", True),
        ("2026-12-28 10:00", False),  # a Monday, and a holiday
    ],
)
def test_open_hours_in_the_shops_own_time(moment: str, is_open: bool) -> None:
    local = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
    assert SHOP.open_at(local) is is_open
    assert SHOP.open_at(local.astimezone(UTC)) is is_open


def test_hours_as_people_write_them() -> None:
    assert SHOP.describe("pt-BR") == ("seg 09:00-12:00, 13:00-18:00; ter-sex fechado; sáb 09:00-13:00; dom 22:00-24:00")
    assert SHOP.describe("es").startswith("lun 09:00")
    assert "closed" in SHOP.describe("ja")


@pytest.mark.parametrize(
    "hours",
    [
        {"week": {"monday": ["18:00-09:00"]}},
        {"week": {"monday": ["09:00-09:00"]}},
        {"week": {"monday": ["9-18"]}},
        {"week": {"monday": ["25:00-26:00"]}},
        {"week": {"monday": ["09:00-13:00", "12:00-18:00"]}},
        {"week": {"segunda": ["09:00-13:00"]}},
        {"time_zone": "America/Sao_Palo"},
        {"time_zone": "../../etc/passwd"},
        {"holidays": ["25/12/2026"]},
    ],
)
def test_hours_that_cannot_be(hours: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate(hours)


def test_promotions_run_from_their_first_to_their_last_day() -> None:
    offer = Promotion(name="a", text="b", start=date(2026, 11, 20), end=date(2026, 11, 21))
    settings = Settings(promotions=(offer,))
    days = [19, 20, 21, 22]
    assert [bool(settings.current_promotions(date(2026, 11, day))) for day in days] == [False, True, True, False]


def test_sentences_fall_back_and_are_filled() -> None:
    settings = Settings(
        language="pt",
        company=Company(name="Loja {hours}"),
        hours=SHOP,
        sentences={"pt": {"failed": "{company}: {hours} {other} {"}, "en": {"failed": "sorry", "busy": "busy"}},
    )
    assert settings.sentence("failed", "en-GB") == "sorry"
    assert settings.sentence("failed", "ja") == f"Loja {{hours}}: {SHOP.describe('pt')} {{other}} {{"
    assert settings.sentence("busy", "pt") == "busy"
    with pytest.raises(KeyError):
        settings.sentence("handoff", "pt")

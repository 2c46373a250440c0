"""When people are back: across lunch, holidays, weekends and clocks that leap."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings.hours import DAYS, Hours
from config.settings.settings import Settings

SHOP = Hours.model_validate(
    {
        "time_zone": "America/Sao_Paulo",
        "week": {
            **{day: ["09:00-12:00", "13:00-18:00"] for day in DAYS[:5]},
            "saturday": ["09:00-13:00"],
        },
        "holidays": ["2026-12-25"],
    }
)
NEW_YORK = Hours.model_validate({"time_zone": "America/New_York", "week": {"sunday": ["01:30-04:00"]}})
GAP = Hours.model_validate({"time_zone": "America/New_York", "week": {"sunday": ["02:30-04:00"]}})


def at(text: str, zone: str = "America/Sao_Paulo") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("now", "opens", "pt"),
    [
        ("2026-11-23T07:00", "2026-11-23T09:00", "hoje às 09:00"),
        ("2026-11-23T12:10", "2026-11-23T13:00", "hoje às 13:00"),  # lunch
        ("2026-11-23T18:00", "2026-11-24T09:00", "amanhã às 09:00"),
        ("2026-11-21T13:00", "2026-11-23T09:00", "segunda-feira, 23/11 às 09:00"),  # Saturday at noon
        ("2026-12-24T19:00", "2026-12-26T09:00", "sábado, 26/12 às 09:00"),  # a holiday between
        ("2026-11-23T10:00", "2026-11-23T13:00", "hoje às 13:00"),  # open now: the next beginning
    ],
)
def test_the_next_opening(now: str, opens: str, pt: str) -> None:
    assert SHOP.next_open(at(now)) == at(opens)
    assert SHOP.describe_next(at(now), "pt-BR") == pt


def test_it_is_said_in_three_languages() -> None:
    now = at("2026-11-21T13:00")
    assert SHOP.describe_next(now, "es") == "el lunes 23/11 a las 09:00"
    assert SHOP.describe_next(now, "en") == "on Monday 23 Nov at 09:00"
    assert SHOP.describe_next(now, "sv") == "on Monday 23 Nov at 09:00"


def test_an_hour_that_the_clock_leaps_over_begins_after_the_leap() -> None:
    before = at("2027-03-14T00:00", "America/New_York")  # at 02:00 it becomes 03:00
    assert GAP.next_open(before) == at("2027-03-14T03:00", "America/New_York")


def test_an_hour_that_comes_twice_begins_at_its_first_coming() -> None:
    before = at("2026-11-01T00:00", "America/New_York")  # at 02:00 it becomes 01:00 again
    opening = NEW_YORK.next_open(before)
    assert opening is not None
    assert opening.astimezone(UTC) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_who_never_opens_is_never_back() -> None:
    closed = Hours.model_validate({"time_zone": "UTC", "week": {}})
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert closed.next_open(now) is None
    assert closed.describe_next(now, "pt") == ""
    assert not Settings(hours=closed).closed_at(now)  # a promise without a date is none
    assert Settings(hours=SHOP).closed_at(now)
    assert not Settings().closed_at(now)


@given(st.integers(0, 3 * 366 * 24 * 60), st.sampled_from([SHOP, NEW_YORK, GAP]))
def test_nobody_is_there_before_the_next_opening_and_somebody_is_then(minutes: int, hours: Hours) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    opening = hours.next_open(now)
    assert opening is not None
    assert opening > now
    assert hours.open_at(opening)
    if not hours.open_at(now):
        between = now + (opening - now) / 2
        assert not hours.open_at(between)
        assert not hours.open_at(opening.astimezone(UTC) - timedelta(minutes=1))


def test_sentences_say_when() -> None:
    settings = Settings.model_validate(
        {"hours": SHOP, "sentences": {"pt": {"out_of_hours": "Voltamos {next_open}. {hours}"}}}
    )
    now = at("2026-11-23T12:10")
    assert settings.sentence("out_of_hours", "pt", now=now) == f"Voltamos hoje às 13:00. {SHOP.describe('pt')}"
    assert settings.sentence("out_of_hours", "pt") == f"Voltamos . {SHOP.describe('pt')}"


def test_a_signature_stands_on_mail_and_where_it_is_set() -> None:
    settings = Settings.model_validate(
        {"signature": "Loja Azul", "channels": {"whatsapp": {"signature": "LA"}, "webchat": {"tone": "curto"}}}
    )
    assert [settings.signature_on(one) for one in ("email", "whatsapp", "webchat")] == ["Loja Azul", "LA", ""]

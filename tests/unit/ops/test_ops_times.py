"""Moments as operators write and read them."""

import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ops.times import a_moment, a_time_to_come, format_moment

NOON = datetime.fromisoformat("2026-06-01T12:00:00+00:00").timestamp()

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
def sao_paulo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("sao_paulo")
def test_a_moment_is_shown_as_the_clock_here_shows_it_with_utc_beside_it() -> None:
    assert format_moment(NOON) == "2026-06-01 09:00:00.000 -0300 (12:00:00Z)"


def test_in_utc_a_moment_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert format_moment(NOON) == "2026-06-01T12:00:00.000Z"
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("sao_paulo")
def test_a_moment_without_a_zone_is_of_this_machine() -> None:
    assert a_moment("2026-06-01T09:00") == NOON
    assert a_moment("2026-06-01T12:00+00:00") == NOON


def test_an_age_and_a_time_of_day_lie_in_the_past() -> None:
    before = time.time()
    assert before - 5400 <= a_moment("90m") <= time.time() - 5400
    for hour in range(24):
        at = a_moment(f"{hour:02}:30")
        assert before - 26 * 3600 <= at <= time.time()
        assert datetime.fromtimestamp(at).astimezone().minute == 30


@pytest.mark.parametrize("text", ["soon", "25:00", "2026-13-01", "-2h", ""])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no moment"):
        a_moment(text)


@pytest.mark.usefixtures("sao_paulo")
def test_a_time_to_come_is_after_so_long_or_the_next_that_clocks_show() -> None:
    now = time.time()
    assert a_time_to_come("2h") == pytest.approx(now + 7200, abs=5)
    for clock in ("00:00", "12:00", "23:59"):
        at = a_time_to_come(clock)
        assert now < at <= now + 86_400
        assert f"{datetime.fromtimestamp(at, SAO_PAULO):%H:%M}" == clock
    assert a_time_to_come("2026-06-01T09:00") == NOON
    with pytest.raises(ArgumentTypeError):
        a_time_to_come("soon")

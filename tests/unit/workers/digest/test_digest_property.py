"""Properties of the morning digest: due once a day in any zone, and the same figures in each language."""

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.stores.figures.day_counts import DayCounts
from config.settings.pacing import Digest
from workers.digest.schedule import due_at
from workers.digest.text import _LINES, digest_text

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "America/Sao_Paulo", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")]
)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
HOURS = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


def digest(at: time) -> Digest:
    return Digest.model_validate({"at": f"{at:%H:%M}", "to": 25})


@given(ZONES, HOURS, st.integers(0, 2 * 365 * 24 * 60))
def test_what_is_due_was_due_within_six_hours(zone: ZoneInfo, at: time, minutes: int) -> None:
    now = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(zone)
    due = due_at(digest(at), now)
    if due is None:
        today = datetime.combine(now.date(), at, zone)
        assert all(not timedelta() <= now - each <= timedelta(hours=6) for each in (today, today - timedelta(days=1)))
    else:
        assert due.time() == at
        assert timedelta() <= now - due <= timedelta(hours=6)


@given(ZONES, HOURS, DAYS)
def test_looked_at_all_day_each_day_has_one_digest(zone: ZoneInfo, at: time, day: date) -> None:
    start = datetime.combine(day, at, zone)
    found = {due_at(digest(at), start + timedelta(minutes=10 * step)) for step in range(144)} - {None}
    assert found == {start}


COUNTS = st.builds(
    lambda replies, handoffs, silences, fast, cost: DayCounts(
        outcomes=Counter({("reply", "whatsapp"): replies, ("handoff", "email"): handoffs, ("silence", ""): silences}),
        causes=Counter({(Cause.ASKED, "x"): handoffs}),
        buckets=Counter({3: replies}),
        fast=min(fast, replies),
        cost=cost,
    ),
    st.integers(0, 5_000), st.integers(0, 50), st.integers(0, 50), st.integers(0, 5_000), st.integers(0, 10**11),
)  # fmt: skip


@given(COUNTS, COUNTS)
def test_every_language_tells_the_same_figures(counts: DayCounts, before: DayCounts) -> None:
    day = date(2026, 11, 28)

    def figures(language: str) -> list[list[str]]:
        lines = digest_text(day, counts, before, language).splitlines()[1:]
        return [re.findall(r"\d+", line.replace(",", ".")) for line in lines]

    assert figures("pt-BR") == figures("es-MX") == figures("en")


@given(COUNTS, COUNTS)
def test_no_share_is_above_all_and_no_line_is_empty(counts: DayCounts, before: DayCounts) -> None:
    lines = digest_text(date(2026, 11, 28), counts, before, "en").splitlines()
    assert all(line.strip(" -") for line in lines)
    shares = [float(found) for line in lines for found in re.findall(r"\(([\d.]+) %\)", line)]
    assert all(0 <= share <= 100 for share in shares)


@pytest.mark.parametrize("name", _LINES["en"])
def test_a_line_has_the_same_places_in_every_language(name: str) -> None:
    places = {
        code: sorted(place for _, place, _, _ in Formatter().parse(say[name]) if place) for code, say in _LINES.items()
    }
    assert places["pt"] == places["es"] == places["en"]


@pytest.mark.parametrize(("language", "first"), [("pt", "Resumo"), ("ES-ar", "Resumen"), ("fr", "The"), ("", "The")])
def test_a_language_that_it_has_not_is_told_in_english(language: str, first: str) -> None:
    assert digest_text(date(2026, 11, 28), DayCounts(), DayCounts(), language).startswith(first)

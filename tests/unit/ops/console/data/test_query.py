"""What an address of the console asks for: conditions on turns, days, moments in a zone; and what is refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.stores.figures.figures import TurnFilter
from ops.console.data.query import (
    FILTERS,
    BadQuery,
    read_cursor,
    read_days,
    read_filter,
    read_number,
    read_word,
)

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NEW_YORK = ZoneInfo("America/New_York")
TODAY = date(2026, 11, 28)


def moment(text: str, zone: ZoneInfo = SAO_PAULO) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def test_an_address_without_conditions_asks_for_all_turns() -> None:
    assert read_filter({}, None, UTC) == TurnFilter(
        account=None, outcome="", channel="", cause="", why="", served_by="", conversation=None, inbox=None,
        config=None, slower=None, since=None, until=None,
    )  # fmt: skip


def test_each_condition_is_read_from_its_name() -> None:
    found = read_filter(
        {
            "account": "7", "outcome": " reply ", "channel": "email", "cause": "asked", "why": "no_answer",
            "served_by": "curated", "conversation": "25", "inbox": "17", "config": "4", "slower_ms": "1500",
            "since": "1000", "until": "2000.5",
        },
        None,
        UTC,
    )  # fmt: skip
    assert (found.account, found.outcome, found.channel, found.cause) == ("7", "reply", "email", "asked")
    assert (found.why, found.served_by) == ("no_answer", "curated")
    assert (found.conversation, found.inbox, found.config, found.slower) == (25, 17, 4, 1.5)
    assert (found.since, found.until) == (1000.0, 2000.5)


def test_every_name_of_a_link_is_known_and_no_other() -> None:
    assert len(set(FILTERS)) == len(FILTERS)
    assert set(FILTERS) - {"slower_ms", "mark"} <= set(TurnFilter.__dataclass_fields__)


def test_who_sees_one_account_asks_for_no_other() -> None:
    assert read_filter({"account": "2"}, "1", UTC).account == "1"
    assert read_filter({}, "1", UTC).account == "1"


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("2026-11-28", "2026-11-28T00:00"),
        ("2026-11-28T14:30", "2026-11-28T14:30"),
        ("2026-11-28 14:30:15", "2026-11-28T14:30:15"),
        ("  2026-11-28  ", "2026-11-28T00:00"),
    ],
)
def test_a_moment_is_one_of_the_viewers_zone(text: str, since: str) -> None:
    assert read_filter({"since": text}, None, SAO_PAULO).since == moment(since)


def test_a_moment_with_a_zone_of_its_own_keeps_it() -> None:
    assert read_filter({"since": "2026-11-28T14:30+00:00"}, None, SAO_PAULO).since == moment(
        "2026-11-28T14:30", ZoneInfo("UTC")
    )


@pytest.mark.parametrize("day", ["2026-11-28", "2026-03-08", "2026-11-01"])
def test_until_a_day_means_its_end_also_where_clocks_change(day: str) -> None:
    end = read_filter({"until": day}, None, NEW_YORK).until
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    assert end == pytest.approx(moment(f"{following}T00:00", NEW_YORK), abs=1e-5)
    assert end is not None
    assert end < moment(f"{following}T00:00", NEW_YORK)


def test_until_a_moment_of_a_day_is_that_moment() -> None:
    assert read_filter({"until": "2026-11-28T14:30"}, None, SAO_PAULO).until == moment("2026-11-28T14:30")


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "2026-11-31", "1.2.3", "-5", "1e9", ".", "٣", "2026-11-28T25:00"]
)
@pytest.mark.parametrize("name", ["since", "until"])
def test_what_is_no_moment_is_refused_with_what_would_be_one(name: str, text: str) -> None:
    with pytest.raises(BadQuery, match=f"^{name}: seconds since 1970"):
        read_filter({name: text}, None, UTC)


@pytest.mark.parametrize("text", ["-1", "+1", "1.0", "x", "٣", "1" * 16, "0x1", "1_000"])
@pytest.mark.parametrize("name", ["conversation", "inbox", "config", "slower_ms", "days"])
def test_what_is_no_whole_number_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(BadQuery, match=f"^{name}: a whole number$"):
        read_number({name: text}, name)


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_a_whole_number_is_read_as_it_is_written(number: int) -> None:
    assert read_number({"n": f" {number} "}, "n") == number


@given(st.text(max_size=120))
def test_a_word_is_short_and_can_be_printed_or_is_refused(text: str) -> None:
    if len(text.strip()) > 100 or not text.strip().isprintable():
        with pytest.raises(BadQuery, match=r"^w: at most 100 characters$"):
            read_word({"w": text}, "w")
    else:
        assert read_word({"w": text}, "w") == text.strip()


@given(st.dictionaries(st.sampled_from(FILTERS), st.text(max_size=30)))
def test_any_address_is_read_or_refused_in_words(query: dict[str, str]) -> None:
    refusal = ""
    try:
        read_filter(query, None, SAO_PAULO)
    except BadQuery as error:
        refusal = str(error)
    assert refusal.partition(":")[0] in {"", *FILTERS}


def test_days_end_with_today_the_oldest_first_and_are_seven_unasked() -> None:
    week = read_days({}, TODAY)
    assert (len(week), week[0], week[-1]) == (7, date(2026, 11, 22), TODAY)
    assert read_days({"days": "1"}, TODAY) == [TODAY]
    assert len(read_days({"days": "90"}, TODAY)) == 90


@given(st.integers(min_value=1, max_value=90))
def test_days_follow_each_other(count: int) -> None:
    days = read_days({"days": str(count)}, TODAY)
    assert days == [TODAY - timedelta(days=back) for back in range(count - 1, -1, -1)]


@pytest.mark.parametrize("days", ["0", "91", "100000"])
def test_a_period_that_is_not_kept_is_refused(days: str) -> None:
    with pytest.raises(BadQuery, match=r"^days: from 1 to 90$"):
        read_days({"days": days}, TODAY)


def test_a_page_begins_at_the_newest_or_behind_its_cursor() -> None:
    assert read_cursor({}) is None
    assert read_cursor({"cursor": ""}) is None
    assert read_cursor({"cursor": "1700000000000-3"}) == "1700000000000-3"


@pytest.mark.parametrize("cursor", ["x", "+", "-", "1-2-3", "1700000000000-3 COUNT 5", "*"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadQuery, match=r"^cursor: "):
        read_cursor({"cursor": cursor})

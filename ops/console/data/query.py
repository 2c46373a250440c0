"""Reads what an address asks for: conditions on turns, periods of days. What makes no sense is refused in words."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from chatwootai.stores.figures.figures import TurnFilter, cursor_id

_LONGEST: Final = 100
_MOST_DAYS: Final = 90
FILTERS: Final = (
    "account", "outcome", "channel", "cause", "why", "served_by", "conversation", "inbox", "config", "slower_ms",
    "since", "until",
    "mark",
)  # fmt: skip
"""Names that an address may have, for links that keep them."""


class BadQuery(ValueError):
    """A part of the address makes no sense; the message names it and says what would."""


def read_filter(query: Mapping[str, str], account: str | None, zone: tzinfo) -> TurnFilter:
    """Return the conditions that a query names; `account`: the only one that its viewer sees.

    Raises:
        BadQuery: a value that means nothing.
    """
    slower = read_number(query, "slower_ms")
    cause, _, detail = read_word(query, "cause").partition(":")  # `model: late`, as lists print it
    return TurnFilter(
        account=account or read_word(query, "account") or None,
        outcome=read_word(query, "outcome"),
        channel=read_word(query, "channel"),
        cause=cause.strip(),
        why=read_word(query, "why") or detail.strip().replace(" ", "_"),
        served_by=read_word(query, "served_by"),
        conversation=read_number(query, "conversation"),
        inbox=read_number(query, "inbox"),
        config=read_number(query, "config"),
        slower=None if slower is None else slower / 1000,
        since=_moment(query, "since", zone, end=False),
        until=_moment(query, "until", zone, end=True),
    )


def read_cursor(query: Mapping[str, str]) -> str | None:
    """Return where a page begins; None: at the newest.

    Raises:
        BadQuery: it is no cursor.
    """
    try:
        return cursor_id(query["cursor"]) if query.get("cursor") else None
    except ValueError as error:
        raise BadQuery(f"cursor: {error}") from None


def read_days(query: Mapping[str, str], today: date) -> list[date]:
    """Return the days that a query asks for, the oldest first, today the last; 7 where it says nothing.

    Raises:
        BadQuery: it is no number of days from 1 to 90.
    """
    number = read_number(query, "days")
    count = 7 if number is None else number
    if not 1 <= count <= _MOST_DAYS:
        raise BadQuery(f"days: from 1 to {_MOST_DAYS}")
    return [today - timedelta(days=back) for back in reversed(range(count))]


def read_word(query: Mapping[str, str], name: str) -> str:
    """Return a word that a query names; empty where it does not.

    Raises:
        BadQuery: it is too long, or cannot be printed.
    """
    value = query.get(name, "").strip()
    if len(value) > _LONGEST or not value.isprintable():
        raise BadQuery(f"{name}: at most {_LONGEST} characters")
    return value


def read_number(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number that a query names; None where it does not.

    Raises:
        BadQuery: it is none.
    """
    value = query.get(name, "").strip()
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise BadQuery(f"{name}: a whole number")
    return int(value)


def _moment(query: Mapping[str, str], name: str, zone: tzinfo, *, end: bool) -> float | None:
    """Return unix seconds of a number of seconds, a date (its begin, or its end) or a date with a time in the zone."""
    value = query.get(name, "").strip()
    if not value:
        return None
    try:
        if value.replace(".", "", 1).isdigit() and value.isascii() and len(value) <= 20:
            return float(value)
        at = datetime.fromisoformat(value)
        whole_day = len(value) <= len("2026-11-28")
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        return (at + timedelta(days=1, microseconds=-1) if end and whole_day else at).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        raise BadQuery(f"{name}: seconds since 1970, 2026-11-28, or 2026-11-28T14:30") from None

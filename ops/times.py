"""Writes moments and lengths of time for people."""

import re
import time
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?(s|m|min|h|d)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def format_span(seconds: float) -> str:
    """Return a length of time in the two units that matter."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{max(0.0, seconds):.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def format_age(at: float | None, now: float) -> str:
    """Return how long ago a moment (unix seconds) was; empty where there is none."""
    return format_span(now - at) if at else ""


def format_moment(at: float) -> str:
    """Return a moment as this machine's clock shows it, with UTC beside it, or in UTC alone where that is its zone."""
    if not at:
        return "?"
    utc = datetime.fromtimestamp(at, UTC)
    local = utc.astimezone()
    if not local.utcoffset():
        return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{local:%Y-%m-%d %H:%M:%S}.{local:%f}"[:23] + f" {local:%z} ({utc:%H:%M:%S}Z)"


def a_span(text: str) -> float:
    """Read an argument that names a length of time, as `2h`, and return it in seconds.

    Raises:
        ArgumentTypeError: it is none.
    """
    found = _LENGTH.fullmatch(text)
    if found is None or not float(found[1]):
        raise ArgumentTypeError(f"{text!r} is no length of time; write 30m, 2h or 1d")
    return float(found[1]) * _UNITS[found[2]]


def a_moment(text: str) -> float:
    """Read an argument that names a moment, and return it in unix seconds.

    `2h`, `30m`, `1d`: so long ago. `02:10`: the last time that local clocks showed it. `2026-11-28` or
    `2026-11-28T02:10`: local time, unless it ends with a zone (`Z`, `+02:00`).

    Raises:
        ArgumentTypeError: it is none of them.
    """
    if long_ago := _LENGTH.fullmatch(text):
        return time.time() - float(long_ago[1]) * _UNITS[long_ago[2]]
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            hour, minute = map(int, text.split(":"))
            at = datetime.now().astimezone().replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (at if at.timestamp() <= time.time() else at - timedelta(days=1)).timestamp()
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no moment; write 02:10, 2h, 30m or 2026-11-28T02:10") from None
    return (at if at.tzinfo else at.astimezone()).timestamp()


def a_time_to_come(text: str) -> float:
    """Read an argument that names a moment to come, and return it in unix seconds.

    `2h`, `30m`, `1d`: after so long. `18:00`: the next time that local clocks show it. Else as `a_moment` reads it.

    Raises:
        ArgumentTypeError: it is none of them.
    """
    now, at = time.time(), a_moment(text)
    if re.fullmatch(r"\d{1,2}:\d{2}", text):
        return (datetime.fromtimestamp(at).astimezone() + timedelta(days=at <= now)).timestamp()
    return 2 * now - at if _LENGTH.fullmatch(text) else at

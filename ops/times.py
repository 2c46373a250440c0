"""Writes moments and lengths of time for people."""

from datetime import UTC, datetime


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
    """Return a moment in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else "?"

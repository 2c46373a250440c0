"""Moments and spans as pages show them."""

from datetime import UTC, datetime

from markupsafe import Markup

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def moment(at: float | None) -> Markup | str:
    """Return a <time> of unix seconds, in UTC; the page's script writes it in the viewer's zone."""
    if not at:
        return "–"
    try:
        found = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return "–"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        found.isoformat(), found.isoformat(" ", "seconds"), in_utc(found)
    )


def in_utc(at: datetime) -> str:
    """Return a moment of UTC as pages write it without their script."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def seconds(value: float | None) -> str:
    """Return a duration in seconds, as precise as it matters."""
    if value is None:
        return "–"
    return f"{value * 1000:.0f}\N{NO-BREAK SPACE}ms" if value < 1 else f"{value:.2f}\N{NO-BREAK SPACE}s"


def span(value: float | None) -> str:
    """Return a span of time in its two largest units."""
    if value is None:
        return "–"
    whole = max(0, int(value))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"

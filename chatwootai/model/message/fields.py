"""Reading values of which nothing is certain: each function returns the type it names, or a default. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from chatwootai.model.text.marks import limited

MOST_TEXT: Final = 150_000  # Chatwoot's own limit for a message
MOST_LINE: Final = 2_000
HIGHEST_ID: Final = 2**53 - 1  # a score in Redis is a double
# What nobody sees: spaces without width, joiners, fillers. A text of nothing else says nothing.
_VISIBLE: Final = re.compile(
    r"[^\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0]"
)
_LATEST: Final = 32_503_680_000  # the year 3000: beyond it a number is no time

Object = Mapping[str, Any]
EMPTY: Final[Object] = {}


def mapping(value: object) -> Object:
    """Return the object itself, or an empty one."""
    return value if isinstance(value, dict) else EMPTY


def items(value: object, most: int) -> list[Any]:
    """Return the list itself, at most `most` long, or an empty one."""
    return value[:most] if isinstance(value, list) else []


def identifier(value: object) -> int | None:
    """Return a positive whole number that Redis can order by; no text, no float, no true."""
    return value if type(value) is int and 0 < value <= HIGHEST_ID else None


def flag(value: object) -> bool:
    """Return whether a value says yes: true, or as something between wrote it."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def line(value: object, most: int = MOST_LINE) -> str | None:
    """Return a short text; None if it is none or empty.

    Every text that comes in through the door passes here. NUL bytes are dropped: no store downstream is sure to bear
    them; and of combining marks no more stand in a row than any script has (marks.py): what sorts them is quadratic.
    """
    if not isinstance(value, str):
        return None
    cut = value if len(value) <= most else value[:most]
    if cut.isascii():
        return cut.replace("\x00", "").strip() or None
    found = limited(cut).replace("\x00", "").strip()
    return found if _VISIBLE.search(found) else None


def text(value: object) -> str:
    """Return a message's text, without blank ends; empty if there is none. A number counts: some type nothing else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= HIGHEST_ID:
        return str(value)
    return line(value, MOST_TEXT) or ""


def coordinate(value: object) -> float | None:
    """Degrees, if they are on Earth; also from a text."""
    if isinstance(value, str):
        value = _degrees(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 180:
        return None
    return float(value)


def _degrees(value: str) -> float | None:
    try:
        return float(value[:40])
    except ValueError:
        return None


def moment(value: object) -> float | None:
    """Unix seconds from a number or from ISO 8601 (no zone means UTC); None if it is no time after 1970."""
    if isinstance(value, str):
        value = _iso(value[:64])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 < value < _LATEST else None


@lru_cache(maxsize=16)  # a message's time is asked for more than once
def _iso(value: str) -> float | None:
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None

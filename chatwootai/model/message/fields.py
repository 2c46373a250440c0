"""Reading values of which nothing is certain: each function returns the type it names, or a default. Pure."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from chatwootai.model.text.marks import limited

MOST_TEXT: Final = 150_000  # Chatwoot's own limit for a message
MOST_LINE: Final = 2_000
HIGHEST_ID: Final = 2**53 - 1  # a score in Redis is a double
# What nobody sees: spaces without width, joiners, fillers. A text of nothing else says nothing.
_VISIBLE: Final = re.compile(
    r"[^\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u180b-\u180d\u180f\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LATEST: Final = 32_503_680_000  # the year 3000: beyond it a number is no time
_MILLISECONDS: Final = 100_000_000_000  # a number beyond it counts them
_MOST_JSON: Final = 20_000
_MOST_PARTS: Final = 32
_DEEPEST: Final = 3

_NUMBER: Final = re.compile(r"\d{9,14}(?:\.\d{1,9})?")

Object = Mapping[str, Any]
EMPTY: Final[Object] = {}


def mapping(value: object) -> Object:
    """Return the object itself, or an empty one; an object that somebody wrote as JSON text counts."""
    if isinstance(value, dict):
        return value
    return _json_object(value) if isinstance(value, str) and value[:1] == "{" and len(value) <= _MOST_JSON else EMPTY


def _json_object(value: str) -> Object:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return EMPTY
    return found if isinstance(found, dict) else EMPTY


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


def shown(value: object, most: int = MOST_LINE) -> str:
    """Return a form's value as people read it: a list joined by commas, an option by its title; empty if none."""
    if isinstance(value, dict):
        parts = [value["title"]] if "title" in value else list(value.values())
    else:
        parts = value if isinstance(value, list) else [value]
    said = (line(str(one), most) for one in _leaves(parts, 0) if isinstance(one, str | int | float))
    return (line(", ".join(islice(filter(None, said), _MOST_PARTS)), most)) or ""


def _leaves(parts: Iterable[object], depth: int) -> Iterator[object]:
    for one in islice(parts, _MOST_PARTS):
        if isinstance(one, dict | list):
            inside = [one["title"]] if isinstance(one, dict) and "title" in one else one
            if depth < _DEEPEST:
                yield from _leaves(inside.values() if isinstance(inside, dict) else inside, depth + 1)
        else:
            yield one


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
    """Unix seconds from a number or a text (no zone means UTC); None if it is no time after 1970.

    A text may be ISO 8601, Rails' `2026-11-17 14:00:00 UTC`, a mail's date, or a number; a number may be milliseconds.
    """
    if isinstance(value, str) and not (_NUMBER.fullmatch(value) and value.isascii()):
        value = _read_moment(value[:64])
        return value if value is not None and 0 < value < _LATEST else None
    if isinstance(value, str):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if _MILLISECONDS <= value < _MILLISECONDS * 100:
        value = value / 1000
    return float(value) if math.isfinite(value) and 0 < value < _LATEST else None


@lru_cache(maxsize=16)  # a message's time is asked for more than once
def _read_moment(value: str) -> float | None:
    for read in (datetime.fromisoformat, _of_rails, _of_a_mail):
        try:
            at = read(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def _of_rails(value: str) -> datetime:
    return datetime.fromisoformat(value.removesuffix(" UTC"))


def _of_a_mail(value: str) -> datetime:
    if not value[:1].isalpha():  # what begins with a number is read in ways that nobody means
        raise ValueError("no day of the week")
    return parsedate_to_datetime(value)

"""Lays the steps of a turn out on a line of time, as a page draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_OF_THE_TURN: Final = frozenset({"queue", "window", "media", "tools", "draft", "interim", "decide", "commit", "post"})
_WIDTH: Final = 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """One step. `start`, `width`: in thousandths of the turn; `inner`: a part of the draft."""

    name: str
    seconds: float
    start: int
    width: int
    inner: bool


def bars(steps: Sequence[Mapping[str, Any]], total: float | None) -> list[Bar]:
    """Return the steps in their order, what a draft consists of below it."""
    outer = [one for one in steps if one["name"] in _OF_THE_TURN]
    inner = [one for one in steps if one["name"] not in _OF_THE_TURN]
    whole = max(total or 0.0, sum(float(one["seconds"]) for one in outer), 0.001)
    found: list[Bar] = []
    at = 0.0
    for one in outer:
        found.append(_bar(one, at, whole, inner=False))
        if one["name"] == "draft":
            within = at
            for part in inner:
                found.append(_bar(part, within, whole, inner=True))
                within += float(part["seconds"])
            inner = []
        at += float(one["seconds"])
    return found + [_bar(one, 0.0, whole, inner=True) for one in inner]


def _bar(step: Mapping[str, Any], at: float, whole: float, *, inner: bool) -> Bar:
    took = float(step["seconds"])
    start = min(_WIDTH - 4, round(_WIDTH * at / whole))
    width = max(4, min(_WIDTH - start, round(_WIDTH * took / whole)))
    return Bar(str(step["name"]), took, start, width, inner)

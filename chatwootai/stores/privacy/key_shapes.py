"""Finds the row of the list of keys that a key belongs to, and what its name says: account, conversation, contact."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from chatwootai.stores.key_list import KeyKind, key_kinds

_PART: Final = {
    "conv": r"(?P<account>[^:]+):(?P<conversation>\d+)",
    "account": r"(?P<account>[^:]+)",
    "contact": r"(?P<contact>\d+)",
    "message": r"\d+",
    "version": r"\d+",
    "turn": r"(?P<turn>.+)",
    "job": r"(?P<job>.+)",
    "burst": r"[^:]*",
    "digest": r"[0-9a-f]+",
    "day": r"[0-9-]+",
    "period": r"[0-9-]+",
    "scope": r"(?P<scope>.+)",
    "unit": r"[a-z_]+",
    "lane": r"[a-z]+",
}
"""Other placeholders stand for anything."""
_PLACE: Final = re.compile(r"\{(\w+)\}")
ARQ: Final = ("arq:job:{job}", "arq:retry:{job}", "arq:in-progress:{job}", "arq:result:{job}", "arq:queue")
"""arq's own keys: they name jobs, and hold nothing else of a contact."""


@cache
def _shapes() -> list[tuple[str, re.Pattern[str], KeyKind]]:
    """Return the fixed beginning, the whole form and the row of each kind, the longest beginning first."""
    arq = [KeyKind(pattern, "", "", "arq", "ids", "") for pattern in ARQ]
    made = [(kind.pattern.partition("{")[0], _compiled(kind.pattern), kind) for kind in (*key_kinds(), *arq)]
    return sorted(made, key=lambda shape: len(shape[0]), reverse=True)


def _compiled(pattern: str) -> re.Pattern[str]:
    parts, at = list[str](), 0
    for place in _PLACE.finditer(pattern):
        parts += [re.escape(pattern[at : place.start()]), _PART.get(place[1], ".+")]
        at = place.end()
    return re.compile("".join(parts) + re.escape(pattern[at:]))


def kind_of(key: str) -> tuple[KeyKind, Mapping[str, str]] | None:
    """Return the row of a key and the named parts of its name; None where the key is not of ours."""
    for beginning, shape, kind in _shapes():
        if key.startswith(beginning) and (found := shape.fullmatch(key)):
            return kind, found.groupdict()
    return None

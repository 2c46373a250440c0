"""Measures the matcher on pairs.yaml: questions that say the same in other words, and such that only look so."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import yaml

from crews.matching.matcher import Matcher


@dataclass(frozen=True, slots=True)
class Pair:
    """A written question and an asked one. `same`: one answer does for both. `tune`: words were chosen by it."""

    language: str
    written: str
    asked: str
    same: bool
    tune: bool


def pairs() -> list[Pair]:
    """Return all pairs of pairs.yaml."""
    said = yaml.safe_load((files("crews.matching") / "pairs.yaml").read_text(encoding="utf-8"))
    return [
        Pair(language, entry["written"], asked, kind == "same", bool(entry.get("tune")))
        for language, entries in said.items()
        for entry in entries
        for kind in ("same", "other")
        for asked in entry[kind]
    ]


async def measured(matcher: Matcher, given: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """Return how many pairs there are that say the same, and others, and the share of each that is matched."""
    counted = {"same": [0, 0], "other": [0, 0]}
    for pair in given:
        row = counted["same" if pair.same else "other"]
        row[0] += 1
        row[1] += bool(await matcher.among(pair.asked, (pair.written,), pair.language))
    return {kind: {"pairs": all_, "matched": found / max(all_, 1)} for kind, (all_, found) in counted.items()}

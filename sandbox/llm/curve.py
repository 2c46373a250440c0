"""Curves of a model's time to begin, speed and length: fits to published quantiles.

Time to first token: lognormal, with a slow tail of 1.5 %. Speed: triangular. Length: lognormal with sigma 0.6, or the
completions of a recorded trace (Azure's LLM inference trace: `TIMESTAMP,ContextTokens,GeneratedTokens`).
"""

import csv
import math
import random
import re
from dataclasses import dataclass
from pathlib import Path

_TAIL_SHARE = 0.015
_LENGTH_SIGMA = 0.6
_EMBEDDING = (math.log(0.090), 0.3)


@dataclass(frozen=True, slots=True)
class Pace:
    """One request's fate: seconds to the first token, tokens a second, tokens to say (None: as many as it takes)."""

    first: float
    speed: float
    length: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """A model's latency. `median`, `tail` in seconds; `speed` (low, mode, high) in tokens a second, 0: all at once."""

    name: str
    median: float = 0.0
    sigma: float = 0.0
    tail: tuple[float, float] | None = None
    speed: tuple[float, float, float] = (0.0, 0.0, 0.0)
    embedding: tuple[float, float] | None = None

    def pace(self, seed: str, median_length: int | None = None, lengths: "Lengths | None" = None) -> Pace:
        """Draw one request's pace; the same `seed` draws the same."""
        draw = random.Random(seed)
        first = self._first(draw)
        low, mode, high = self.speed
        speed = draw.triangular(low, high, mode) if high else 0.0
        if lengths is not None:
            return Pace(first, speed, lengths.draw(draw))
        if median_length is None:
            return Pace(first, speed, None)
        return Pace(first, speed, max(1, round(draw.lognormvariate(math.log(median_length), _LENGTH_SIGMA))))

    def embedding_seconds(self, seed: str) -> float:
        """Draw how long an embedding takes."""
        return random.Random(seed).lognormvariate(*self.embedding) if self.embedding else self.median

    def _first(self, draw: random.Random) -> float:
        if self.tail and draw.random() < _TAIL_SHARE:
            return draw.uniform(*self.tail)
        return draw.lognormvariate(math.log(self.median), self.sigma) if self.sigma else self.median


CURVES = {
    "instant": Curve("instant"),
    "gpt-4o-mini": Curve("gpt-4o-mini", 0.536, 0.28, (2.0, 5.9), (45, 70, 105), _EMBEDDING),
    "gpt-4.1-mini": Curve("gpt-4.1-mini", 0.661, 0.30, (1.5, 4.3), (50, 65, 80), _EMBEDDING),
}
_FIXED = re.compile(r"fixed:(\d+(?:\.\d+)?)(ms|s)")


def named(name: str) -> Curve:
    """Return the curve called `name`: one of CURVES, or `fixed:500ms` / `fixed:2s` for the same time always.

    Raises:
        ValueError: There is no such curve; the message lists what there is.
    """
    if name in CURVES:
        return CURVES[name]
    fixed = _FIXED.fullmatch(name)
    if fixed is None:
        raise ValueError(f"no latency called {name!r}: use {', '.join(CURVES)} or fixed:500ms")
    return Curve(name, float(fixed[1]) / (1000 if fixed[2] == "ms" else 1))


class Lengths:
    """Completion lengths as recorded, drawn one by one."""

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self._lengths = lengths

    @classmethod
    def read(cls, trace: Path) -> "Lengths":
        """Read the `GeneratedTokens` column of a trace.

        Raises:
            ValueError: The file has no such column or no rows.
        """
        with trace.open(newline="", encoding="utf-8") as file:
            found = tuple(int(row["GeneratedTokens"]) for row in csv.DictReader(file) if row.get("GeneratedTokens"))
        if not found:
            raise ValueError(f"{trace} holds no column GeneratedTokens with numbers in it")
        return cls(found)

    def draw(self, draw: random.Random) -> int:
        """Draw one length in tokens."""
        return max(1, draw.choice(self._lengths))

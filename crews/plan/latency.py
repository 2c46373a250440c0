"""Published latencies of models, as data: read once from `latency.yaml`."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parent / "latency.yaml"


@dataclass(frozen=True, slots=True)
class PublishedLatency:
    """Speed of a model. Seconds, and tokens a second; `known`: somebody has measured this very model."""

    model: str
    median: float
    sigma: float
    tail_share: float
    tail: tuple[float, float]
    speed: tuple[float, float, float]
    known: bool = True

    def seconds(self, draw: random.Random, tokens: float) -> float:
        """Make one call that says so many tokens."""
        slow = draw.random() < self.tail_share
        first = draw.uniform(*self.tail) if slow else draw.lognormvariate(math.log(self.median), self.sigma)
        low, usual, high = self.speed
        return first + tokens / draw.triangular(low, high, usual)


@dataclass(frozen=True, slots=True)
class UsualDurations:
    """The rest of a turn: posting, lengths of answers (tokens), tools (seconds a round)."""

    post_median: float
    post_sigma: float
    length_sigma: float
    share: float
    most: int
    tool_seconds: float
    history_tokens: int

    def post(self, draw: random.Random) -> float:
        """Return seconds that Chatwoot takes to accept a reply."""
        return draw.lognormvariate(math.log(self.post_median), self.post_sigma)

    def length(self, limit: int) -> int:
        """Return an answer's usual length under a limit."""
        return max(1, round(min(self.share * limit, self.most)))


@cache
def published_latency(model: str) -> PublishedLatency:
    """Return a model's pace; that of the file's `unknown` where nobody has measured it."""
    data, name = _data(), model.rpartition("/")[2]
    dated = next((known for known in data["models"] if name.startswith(f"{known}-20")), name)  # gpt-4o-mini-2024-07-18
    found = data["models"].get(dated)
    said = found or data["models"][data["unknown"]]
    first = said["first"]
    return PublishedLatency(
        model, first["median"], first["sigma"], first["tail_share"], tuple(first["tail"]), tuple(said["speed"]),
        found is not None,
    )  # fmt: skip


@cache
def usual_durations() -> UsualDurations:
    """Return what holds for every turn."""
    said = _data()["turn"]
    return UsualDurations(
        said["post"]["median"], said["post"]["sigma"], said["length_sigma"], said["usual_share"], said["usual_most"],
        said["tool_seconds"], said["history_tokens"],
    )  # fmt: skip


@cache
def _data() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found

"""Faults of a model, on demand: for the next n requests, or for a share of all."""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The ways a model fails its caller."""

    RATE_LIMITED = "rate_limited"  # 429 with Retry-After
    SERVER_ERROR = "server_error"  # 5xx
    STALL = "stall"  # no byte until the caller leaves
    CUT = "cut"  # the connection breaks midway through the answer
    MALFORMED = "malformed"  # 200 with JSON that is none
    SLOW = "slow"  # `seconds` more before the first token


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong: `next` times, or with probability `share`.

    `seconds`: Retry-After of a 429, or the delay of SLOW. `status`: of SERVER_ERROR. Only for `model`, for texts that
    hold `contains`, for `endpoint` ("chat", "embeddings", "audio"), where these are given.
    """

    kind: Kind
    next: int | None = None
    share: float = 0.0
    seconds: float = 1.0
    status: int = 500
    model: str | None = None
    contains: str | None = None
    endpoint: str | None = None
    happened: int = field(default=0)

    def concerns(self, endpoint: str, model: str, text: str) -> bool:
        """Return whether such a request is one this fault may strike."""
        return (
            (self.endpoint is None or self.endpoint == endpoint)
            and (self.model is None or self.model == model)
            and (self.contains is None or self.contains in text)
        )

    def strikes(self, draw: random.Random) -> bool:
        """Decide for one request it concerns, and count."""
        hit = self.next > 0 if self.next is not None else draw.random() < self.share
        if hit and self.next is not None:
            self.next -= 1
        self.happened += hit
        return hit


def parse(given: dict[str, Any]) -> Fault:
    """Read a fault from what a driver sent: `kind` and either `next` or `share`.

    Raises:
        ValueError: Something in it is unknown or missing; the message names it.
    """
    unknown = set(given) - set(Fault.__slots__) | ({"happened"} & set(given))
    if unknown:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
    if ("next" in given) == ("share" in given):
        raise ValueError("say either `next` (how many requests) or `share` (0 to 1)")
    try:
        return Fault(**{**given, "kind": Kind(given.get("kind", ""))})
    except ValueError:
        raise ValueError(f"no kind of fault called {given.get('kind')!r}: use {', '.join(Kind)}") from None


def from_flag(flag: str) -> Fault:
    """Read `kind:share` from a command line, such as `server_error:0.01`.

    Raises:
        ValueError: It is not of that form.
    """
    kind, _, share = flag.partition(":")
    return parse({"kind": kind, "share": float(share or 1)})


class Faults:
    """The faults in force. Deterministic by seed: request number n draws the same whatever came before."""

    def __init__(self, seed: int, faults: tuple[Fault, ...] = ()) -> None:
        self._seed = seed
        self.active = list(faults)

    def strike(self, number: int, endpoint: str, model: str, text: str) -> Fault | None:
        """Return the first fault that strikes request `number`, or None."""
        if not self.active:
            return None
        draw = random.Random(f"{self._seed}:fault:{number}")
        for fault in self.active:
            if fault.concerns(endpoint, model, text) and fault.strikes(draw):
                return fault
        return None

"""A turn as a trace is made of it, and a span of that trace. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

Value = str | int | float | bool | Sequence[str]


class SpanKind(IntEnum):
    """Kinds of spans, by OTLP's numbers."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3


@dataclass(frozen=True, slots=True)
class Timed:
    """One thing that took time: its name, when it began in unix seconds, how many seconds it took, and more of it."""

    name: str
    began: float
    seconds: float
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedTurnTimes:
    """A turn's record, with the moments that a record has not.

    `record`: as it is stored; `began`: unix seconds of the arrival; `steps`: of the turn; `parts`: of its draft, in
    their order, without moments; `calls` of models, with the fields of a record's call; `tools`: with `outcome`.
    `words`: what was asked and answered, where the tenant lets them be sent.
    """

    turn: str
    began: float
    record: Mapping[str, Any]
    steps: Sequence[Timed]
    parts: Sequence[tuple[str, float]] = ()
    calls: Sequence[Timed] = ()
    tools: Sequence[Timed] = ()
    words: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span. `number`: its place in the trace, 0 is the root; `parent`: the number of the one above, None for it.

    `error`: what went wrong, empty where nothing did.
    """

    number: int
    parent: int | None
    name: str
    kind: SpanKind
    began: float
    seconds: float
    attributes: Mapping[str, Value]
    error: str = ""


def trace_id(turn: str) -> bytes:
    """Return the 16 bytes that name a turn's trace: console, log and trace meet without anything that is stored."""
    return hashlib.sha256(turn.encode()).digest()[:16]


def span_id(turn: str, number: int) -> bytes:
    """Return the 8 bytes that name a span of it."""
    return hashlib.sha256(f"{turn}:{number}".encode()).digest()[:8]

"""Settings of a sandbox LLM, decided when it starts."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.llm.faults import Fault

MODELS = (
    "gpt-4o-mini",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4o",
    "text-embedding-3-small",
    "text-embedding-3-large",
    "whisper-1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`latency` names a curve; `seed` makes every draw repeatable; without `api_keys` any caller is served.

    `median_length`: completion tokens to aim at (lognormal), 0 for as many as an answer takes; None leaves it to the
    curve: 70 for a real model's, 0 for others. `trace`: recorded lengths instead. Rates are per key; None: no limit.
    """

    latency: str = "instant"
    seed: int = 7
    api_keys: tuple[str, ...] = ()
    median_length: int | None = None
    trace: Path | None = None
    faults: tuple[Fault, ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

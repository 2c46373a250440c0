"""The values that metrics have before anything happened.

A counter with labels is not there until it is first counted, and Prometheus sees no rise in a series that begins at 1:
an alert on the first dead letter would stay silent. So counters whose labels are a fixed few begin at 0.
"""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client import Counter

from chatwootai.telemetry import metrics

_DOOR: Final[Mapping[Counter, Sequence[tuple[str, ...]]]] = {
    metrics.DELIVERIES: (
        ("failed", "stored_nowhere"),
        ("failed", "surprise"),
        ("refused", "full"),
        ("refused", "over_rate"),
    ),
    metrics.CONNECTIONS_CLOSED: (("late",), ("full",)),
}
_WORKER: Final[Mapping[Counter, Sequence[tuple[str, ...]]]] = {
    metrics.DEAD_LETTERS: (("refused",), ("unread",), ("tries",), ("unmapped",), ("unreadable",)),
    metrics.SUPERSEDED: (("message",), ("takeover",), ("deleted",)),
    metrics.RETRIES: (("chatwoot",), ("model",), ("post",)),
    metrics.CAUGHT_UP: (("accepted",), ("duplicate",)),
    metrics.HEDGES: (("made",), ("won",), ("lost",), ("denied",)),
    metrics.FALLBACKS: (("fallback",), ("quick",)),
    metrics.LIMITED: (("free",), ("waited",), ("refused",)),
    metrics.BUDGETS: (("reserved",), ("refused",), ("warned",)),
    metrics.BREAKERS: (("opened",), ("closed",)),
    metrics.COMPLETIONS: tuple(
        (fate,) for fate in ("hit", "stale", "joined", "miss", "passed", "kept", "refresh_failed", "old")
    ),
    metrics.INTERIM: (("said",), ("found",), ("failed",)),
}
_BOTH: Final[Mapping[Counter, Sequence[tuple[str, ...]]]] = {
    metrics.CONFIG_RELOADS: (("refused",), ("swapped",), ("unchanged",)),
}


def tell_door() -> None:
    """Have a door's metrics begin, and say which release runs."""
    _begin(_DOOR)


def tell_worker() -> None:
    """Have a worker's metrics begin, and say which release runs."""
    _begin(_WORKER)


def _begin(counters: Mapping[Counter, Sequence[tuple[str, ...]]]) -> None:
    for counter, several in {**counters, **_BOTH}.items():
        for labels in several:
            counter.labels(*labels)
    try:
        release = version("chatwootai")
    except PackageNotFoundError:  # a folder of sources that nobody installed
        release = "unknown"
    metrics.BUILD_INFO.labels(release, platform.python_version()).set(1)

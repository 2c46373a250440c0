"""The clock of one message's way: names and durations of its steps, also fed to `chatwootai_step_seconds`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from prometheus_client import Histogram

from chatwootai.telemetry.metrics import STEP_SECONDS


class Steps:
    """Collects `(name, seconds)` in the order in which steps ended.

    A step that raises is recorded too: a slow failure is what one looks for.
    """

    __slots__ = ("_clock", "_ended", "_moments", "_process")

    def __init__(self, process: str = "worker", clock: Callable[[], float] = time.monotonic) -> None:
        self._process = process
        self._clock = clock
        self._ended: list[tuple[str, float]] = []
        self._moments: list[float] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time the block as step `name`."""
        begun = self._clock()
        try:
            yield
        finally:
            self.record(name, self._clock() - begun)

    def record(self, name: str, seconds: float) -> None:
        """Add a step that was timed elsewhere."""
        self._ended.append((name, seconds))
        self._moments.append(time.time())
        _child(self._process, name).observe(seconds)

    def as_timed(self) -> list[tuple[str, float, float]]:
        """Return the steps so far, oldest first: name, unix seconds of the beginning, seconds."""
        ended = zip(self._ended, self._moments, strict=True)
        return [(name, moment - seconds, seconds) for (name, seconds), moment in ended]

    def as_list(self) -> list[tuple[str, float]]:
        """Return the steps so far, oldest first, in seconds."""
        return list(self._ended)


@lru_cache(maxsize=256)
def _child(process: str, step: str) -> Histogram:
    return STEP_SECONDS.labels(process, step)

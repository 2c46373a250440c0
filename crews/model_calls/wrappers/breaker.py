"""Circuit breakers, one a target: what fails again and again is left alone for a while, by all workers.

What Redis holds is shared; what this process knows of it decides at once and without waiting. So a healthy target
costs nothing, and without Redis each worker keeps to what it has seen itself.
"""

import time

from chatwootai.stores.models.breakers import BreakerStore
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import BREAKER_OPEN, BREAKERS
from crews.errors import ModelUnavailable
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.failing_open import FailingOpen

_FAILURES = 5  # in a row, of all workers
_FIRST_REST, _LONGEST_REST = 1.0, 30.0  # seconds; doubled each time the first try afterwards fails
_LOOK_EVERY = 0.5  # seconds
_log = log.get("breaker")


class Breakers:
    """Breakers of the targets that this process knows. Times in seconds."""

    def __init__(self, shelf: BreakerStore | None, background: Background) -> None:
        self._store = shelf
        self._open = FailingOpen("breaker")
        self._until: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._looked = 0.0
        self._background = background
        self._names: set[str] = set()

    def rest_seconds(self, name: str) -> float:
        """Return how long a target is to be left alone; 0: ask it."""
        if name not in self._names:
            self._names.add(name)
            self._show(name.partition(":")[2])
        self._look()
        return max(0.0, self._until.get(name, 0.0) - time.monotonic())

    def _show(self, model: str) -> None:
        """Have the metric tell, whenever it is read, whether an endpoint of this model rests."""

        def rests() -> float:
            return float(any(self.known_blocked(each) for each in self._names if each.partition(":")[2] == model))

        BREAKER_OPEN.labels(model).set_function(rests)

    async def note_failure(self, name: str, error: ModelUnavailable) -> None:
        """Count a failed request. A 429 is no failure of the target's: it only wants a pause."""
        pause = max(0.0, error.retry_at - time.time()) if error.status == 429 else 0.0
        if error.status != 429:
            self._failures[name] = self._failures.get(name, 0) + 1
        rest = max(pause, self._own_rest(name))
        if self._store is not None:
            shelf = self._store
            shared = await self._open.ask(
                lambda: shelf.trip(
                    name,
                    failures=0 if error.status == 429 else _FAILURES,
                    rest_ms=int(_FIRST_REST * 1000),
                    longest_ms=int(_LONGEST_REST * 1000),
                    pause_ms=int(pause * 1000),
                )
            )
            rest = max(pause, shared / 1000) if shared is not None else rest
        if rest > 0:
            self._rest(name, rest, counted=error.status != 429)

    def note_success(self, name: str) -> None:
        """Forget the target's failures: a request was answered."""
        if self._failures.pop(name, None) is None and name not in self._until:
            return
        if self._until.pop(name, None) is not None:
            BREAKERS.labels("closed").inc()
            with log.unbound():
                _log.info("breaker_closed", target=name)
        if self._store is not None:
            self._background.start(self._forget_failures(name))

    def _own_rest(self, name: str) -> float:
        beyond = self._failures.get(name, 0) - _FAILURES
        return 0.0 if beyond < 0 else min(_FIRST_REST * 2.0 ** min(beyond, 10), _LONGEST_REST)

    def _rest(self, name: str, seconds: float, *, counted: bool) -> None:
        if counted and not self.known_blocked(name):
            BREAKERS.labels("opened").inc()
            with log.unbound():
                _log.warning("breaker_opened", target=name, seconds=round(seconds, 2))
        self._until[name] = max(self._until.get(name, 0.0), time.monotonic() + seconds)

    def known_blocked(self, name: str) -> bool:
        """Tell whether a target rests now, as far as this process knows."""
        return self._until.get(name, 0.0) > time.monotonic()

    def _look(self) -> None:
        """See now and then what other workers found, without waiting for it."""
        now = time.monotonic()
        if self._store is not None and now - self._looked >= _LOOK_EVERY:
            self._looked = now
            self._background.start(self._refresh(self._store, sorted(self._names)[:256]))

    async def _refresh(self, shelf: BreakerStore, names: list[str]) -> None:
        rests = await self._open.ask(lambda: shelf.look(names))
        for name, rest in zip(names, rests or (), strict=False):
            if rest > 0:
                self._until[name] = time.monotonic() + rest / 1000

    async def _forget_failures(self, name: str) -> None:
        assert self._store is not None  # noqa: S101 - asked by the caller
        shelf = self._store
        await self._open.ask(lambda: shelf.mend(name))

"""Health of model endpoints: one line when one goes away, one when it is back, and each hour in between.

An endpoint is away once it refuses a key, a model or for want of credit, or once `_IN_A_ROW` calls have failed without
an answer between them. What one request was refused for (too long, a filter) says nothing of the endpoint. Lines carry
no turn's ids: an endpoint is many turns' and many accounts'.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.policy.reasons import Trouble
from chatwootai.telemetry import log
from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Target
from crews.model_calls.trouble import briefly, trouble_of

_IN_A_ROW = 3
_AGAIN = 3600.0  # seconds between two lines about an endpoint that is still away
_TARGETS = 512
_AT_ONCE = frozenset({Trouble.NO_KEY, Trouble.KEY_REFUSED, Trouble.NO_CREDIT, Trouble.NO_MODEL})
_OF_THE_REQUEST = frozenset({Trouble.TOO_LONG, Trouble.WITHHELD, Trouble.REFUSED})
_log = log.get("model")


@dataclass(slots=True)
class _State:
    """One target. Times in unix seconds; `told` 0: it is not said to be away."""

    target: Target
    failures: int = 0
    since: float = 0.0
    last: float = 0.0
    error: str = ""
    told: float = 0.0


class Health:
    """Health of each target as this process has seen it, the latest `_TARGETS` of them."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._states: BoundedCache[str, _State] = BoundedCache(_TARGETS)

    def note_failure(self, target: Target, error: ModelUnavailable | ModelRefused) -> None:
        """Note that a call brought no answer."""
        reason, now = trouble_of(error), self._clock()
        if reason in _OF_THE_REQUEST:
            return
        state = self._states.get_or_make(target.name, lambda: _State(target))
        state.failures += 1
        state.since, state.last, state.error = state.since or now, now, briefly(error)
        if state.told == 0.0 and (reason in _AT_ONCE or state.failures >= _IN_A_ROW):
            self._log_state("model_away", state)
        self.remind()

    def note_success(self, target: Target) -> None:
        """Note that a call was answered."""
        state = self._states.pop(target.name)
        if state is not None and state.told:
            with log.unbound():
                seconds = round(self._clock() - state.since, 1)
                _log.info("model_back", **_describe_target(target), away_seconds=seconds, failures=state.failures)

    def remind(self) -> None:
        """Say again of those that have been away for an hour since it was said last."""
        for state in self._states.values():
            if state.told and self._clock() - state.told >= _AGAIN:
                self._log_state("model_still_away", state)

    def away(self) -> list[dict[str, Any]]:
        """Return those that are away, the longest first: model, endpoint, since, last (ISO, UTC), error, failures."""
        found = sorted((state for state in self._states.values() if state.told), key=lambda state: state.since)
        return [
            {**_describe_target(each.target), "since": _to_iso(each.since), "last": _to_iso(each.last),
             "error": each.error, "failures": each.failures}
            for each in found
        ]  # fmt: skip

    def _log_state(self, event: str, state: _State) -> None:
        state.told = self._clock()
        with log.unbound():
            since = _to_iso(state.since)
            _log.warning(
                event, **_describe_target(state.target), error=state.error, since=since, failures=state.failures
            )


def _describe_target(target: Target) -> dict[str, str]:
    """Return a target without its key: the model, and the host of its address."""
    url = target.endpoint.base_url
    return {"model": target.model, "endpoint": (urlsplit(url).hostname or "?") if url else "as OPENAI_BASE_URL says"}


def _to_iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

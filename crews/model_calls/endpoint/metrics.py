"""Every request to a model in metrics: its result, its seconds, its tokens; and in the log why one was refused."""

import time
from functools import lru_cache
from urllib.parse import urlsplit

from prometheus_client import Counter, Histogram

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.message.turn import Usage
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import DEPENDENCY_SUCCESS, MODEL_CALLS, MODEL_SECONDS, MODEL_TOKENS
from crews.model_calls.call import Call

_MODELS = 512
_SAID_AGAIN = 3600.0  # seconds
_log = log.get("model")
_answered = DEPENDENCY_SUCCESS.labels("model")


class RefusalLog:
    """Says in the log why an endpoint refuses, once an hour for each target and cause while it lasts."""

    def __init__(self) -> None:
        self._said: BoundedCache[tuple[str, str], float] = BoundedCache(_MODELS)

    def say(self, call: Call, cause: str, status: int | None, reason: str | None) -> None:
        """Log an endpoint's refusal or failure. `reason`: its own words, masked."""
        key, now = (call.target.name, cause), time.monotonic()
        last = self._said.get(key)
        if last is not None and now - last < _SAID_AGAIN:
            return
        self._said.put(key, now)
        url = call.target.endpoint.base_url
        host = (urlsplit(url).hostname or "?") if url else "as OPENAI_BASE_URL says"
        with log.unbound():  # an endpoint is many turns' and many accounts'
            _log.warning("model_refused", model=call.model, endpoint=host, cause=cause, status=status, reason=reason)


def count_request(model: str, result: str, seconds: float) -> None:
    """Count a request that has ended: answered, closed (by us), unavailable, refused, or late."""
    _calls(model, result).inc()
    if result == "answered":
        _answered.set_to_current_time()
    _seconds(model).observe(seconds)


def count_tokens(model: str, usage: Usage) -> None:
    """Count its tokens; `cached` are those of the prompt that the provider had cached."""
    prompt, cached, completion = _tokens(model)
    prompt.inc(usage.prompt_tokens)
    cached.inc(usage.cached_tokens)
    completion.inc(usage.completion_tokens)


@lru_cache(_MODELS)
def _calls(model: str, result: str) -> Counter:
    return MODEL_CALLS.labels(model, result)


@lru_cache(_MODELS)
def _seconds(model: str) -> Histogram:
    return MODEL_SECONDS.labels(model)


@lru_cache(_MODELS)
def _tokens(model: str) -> tuple[Counter, Counter, Counter]:
    prompt, cached, completion = (MODEL_TOKENS.labels(model, kind) for kind in ("prompt", "cached", "completion"))
    return prompt, cached, completion

"""Every request to a model in metrics: its result, its seconds, its tokens and the share that was cached."""

from functools import lru_cache

from prometheus_client import Counter, Histogram

from chatwootai.model.turn import Usage
from chatwootai.telemetry.metrics import MODEL_CALLS, MODEL_SECONDS, MODEL_TOKENS

_MODELS = 512


def request(model: str, result: str, seconds: float) -> None:
    """A request has ended: answered, closed (by us), unavailable, refused, or late."""
    _calls(model, result).inc()
    _seconds(model).observe(seconds)


def tokens(model: str, usage: Usage) -> None:
    """What it took; `cached` are those of the prompt that the provider had cached."""
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

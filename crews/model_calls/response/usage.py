"""Usage of an answer, as endpoints count it. Pure."""

from typing import Any

from chatwootai.model.message.turn import Usage

_MOST = 10**9
"""Tokens of one call: more than this is a mistake, and too much for the counters that add them up."""


def read_usage(raw: Any) -> Usage:
    """Return the tokens of one call; 0 for whatever is missing."""
    if not isinstance(raw, dict):
        return Usage(calls=1)
    details = raw.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else raw.get("prompt_cache_hit_tokens")
    return Usage(
        prompt_tokens=_count(raw.get("prompt_tokens") or raw.get("input_tokens")),
        completion_tokens=_count(raw.get("completion_tokens") or raw.get("output_tokens")),
        cached_tokens=_count(cached),
        calls=1,
    )


def _count(value: Any) -> int:
    """Return a count of tokens; 0 for what is none: what an answer cost must not keep it from being read."""
    try:
        return min(max(0, int(value or 0)), _MOST)
    except (TypeError, ValueError, OverflowError):
        return 0

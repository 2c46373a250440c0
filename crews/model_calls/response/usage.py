"""What an answer cost, as endpoints count it. Pure."""

from typing import Any

from chatwootai.model.message.turn import Usage


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
    return max(0, int(value or 0))

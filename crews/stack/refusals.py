"""What an endpoint's failures mean to a caller: try again at some time, or give up. No message holds its words."""

import time

import httpx
import openai

from crews.errors import CrewError, ModelRefused, ModelUnavailable

_RETRYABLE = frozenset({408, 409, 425, 429})
_PAUSE = 0.25  # seconds until a failed endpoint may be asked again, where it names no time
_PAUSE_LIMIT = 300.0
_NO_CREDIT = "the model's endpoint says that this account's credit is used up"
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})


def of_status(error: openai.APIStatusError) -> CrewError:
    """An answer that is no 200."""
    status = error.status_code
    if status == 429 and error.code in _SPENT:
        return ModelRefused(_NO_CREDIT, status=status, code=error.code)
    if status in _RETRYABLE or status >= 500:
        return unavailable(f"the model's endpoint answered {status}", status, error.response.headers, error.code)
    return ModelRefused(
        f"the model's endpoint refused the request with {status} ({error.code or 'no code'})",
        status=status,
        code=error.code,
    )


def of_error(error: object) -> CrewError:
    """An error in the body of a 200, in the midst of a stream or instead of one."""
    said = error if isinstance(error, dict) else {}
    code = str(said.get("code") or said.get("type") or error or "")
    if code in _SPENT:
        return ModelRefused(_NO_CREDIT, status=429, code=code)
    status = 429 if "rate_limit" in code or code == "429" else None
    return unavailable("the model's endpoint broke off its answer with an error", status, code=code)


def unavailable(
    message: str, status: int | None = None, headers: httpx.Headers | None = None, code: str | None = None
) -> ModelUnavailable:
    """Try again: when the endpoint says, or soon."""
    pause = _retry_after(headers) if headers is not None else None
    return ModelUnavailable(
        message, retry_at=time.time() + (_PAUSE if pause is None else pause), status=status, code=code
    )


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after` (a number; the date form is not used by these services)."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(max(float(headers[name]) * scale, 0.0), _PAUSE_LIMIT)
        except (KeyError, ValueError):
            continue
    return None


def remaining(headers: httpx.Headers) -> tuple[int, int] | None:
    """Requests and tokens that this key has left in its minute, where the endpoint tells; -1 for what it does not."""
    found = [_count(headers.get(f"x-ratelimit-remaining-{what}")) for what in ("requests", "tokens")]
    return None if found == [-1, -1] else (found[0], found[1])


def _count(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else -1

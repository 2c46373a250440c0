"""Meaning of an endpoint's error: try again at some time, or give up; and why, in its own words, masked.

    answer of an error -> ReportedError -> ModelUnavailable | ModelRefused

Causes are told apart by status, code and words, since no two services agree on any of the three.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import openai

from crews.errors import CrewError, ModelRefused, ModelUnavailable
from crews.model_calls.call import Call
from crews.model_calls.response.masking import mask_reason

_RETRYABLE = frozenset({408, 409, 425, 429})
_PAUSE = 0.25  # seconds until a failed endpoint may be asked again, where it names no time
_PAUSE_LIMIT = 300.0
_LONGEST = 4000  # characters of an error that are read

NO_CREDIT, TOO_LONG, POLICY, WRONG_KEY, NO_MODEL, RATE, PARAMETER, AWAY = (
    "no_credit",
    "prompt_too_long",
    "content_policy",
    "wrong_key",
    "unknown_model",
    "rate",
    "parameter",
    "away",
)
_MEANS = {
    NO_CREDIT: "the account's credit is used up",
    TOO_LONG: "the prompt is too long for the model",
    POLICY: "the provider's content policy withholds an answer",
    WRONG_KEY: "the key is not accepted",
    NO_MODEL: "the model is not known there",
    RATE: "too many requests",
    PARAMETER: "the request is not accepted",
    AWAY: "the endpoint fails",
}
_WORDS = {  # in the order in which they are looked for
    TOO_LONG: (
        r"context.?(?:length|window|size)|context_length_exceeded|maximum (?:context|prompt|input) "
        r"|prompt (?:is )?too long|too many (?:input |prompt )?tokens|input (?:is )?too long"
        r"|(?:prompt|input|request|messages?)\b.{0,60}exceeds?\b.{0,40}(?:tokens|context|length)"
        r"|reduce the length|string_above_max_length|exceed_context_size|token limit|request too large"
        r"|input tokens? (?:exceed|count)|max_model_len|available context|`?inputs`? (?:tokens \+|must have less than)"
        r"|max_tokens must be at least 1, got -\d|range of input length|(?:输入|上下文|提示词?).{0,12}(?:过长|超长"
        r"|超出|超过)"
    ),
    POLICY: (
        r"content.?(?:filter|policy|management)|content_policy_violation|responsible.?ai"
        r"|data_inspection_failed|inappropriate content|safety (?:system|filter|polic)|moderation"
        r"|usage polic|flagged|敏感内容|不安全|内容安全|违规"
    ),
    NO_CREDIT: (
        r"insufficient.?(?:quota|balance|credit|funds)|billing.{0,20}(?:hard.?limit|not active|limit)"
        r"|credit balance|payment required|out of credits|more credits|(?:used|exhausted) all"
        r"|spend(?:ing)?[ _]limit|arrears|recharge|top.?up|credit[ _]limit|not[ _]enough[ _](?:balance|credits?)"
        r"|add (?:more )?(?:credits|funds)|余额不足"
        r"|欠费|充值"
    ),
    WRONG_KEY: (
        r"(?:api|access|auth\w*|virtual|subscription) ?-?(?:key|token)\b.{0,60}(?:invalid|not valid|incorrect"
        r"|wrong|missing|expired|not found|passed|provided|required|revoked)"
        r"|(?:invalid|incorrect|wrong|missing|expired|no|malformed) (?:api|access|auth\w*|virtual)[ _-]?(?:key"
        r"|token)|invalid_api_key|no_db_connection|authentication|unauthenticated|unauthorized|invalid credentials"
    ),
    NO_MODEL: (
        r"model\b.{0,80}(?:not found|does not exist|not exist|unknown|not supported|not available|decommissioned"
        r"|deprecated|not loaded)|(?:unknown|invalid|no such|unsupported) model|model_not_found"
        r"|deploymentnotfound|not a valid model|no endpoints found for|try pulling it|no models? loaded"
        r"|model_decommissioned|invalid model name|non-serverless model|model\b.{0,80}(?:been retired"
        r"|no longer available"
        r"|reached end of life)|模型不存在|模型.{0,10}(?:未找到|不可用|已下线)"
    ),
    RATE: (
        r"rate.?limit|too many requests|resource.?exhausted|tokens per min|requests per min|throttl"
        r"|quota exceeded"
    ),
}
_PATTERNS = {cause: re.compile(words, re.IGNORECASE | re.DOTALL) for cause, words in _WORDS.items()}
_BY_STATUS = {401: WRONG_KEY, 402: NO_CREDIT, 403: WRONG_KEY, 404: NO_MODEL, 413: TOO_LONG, 429: RATE}
_OF_THE_LIMIT = re.compile(
    r"max_(?:completion_)?tokens\b.{0,60}(?:too large|greater than|at most|less than)", re.IGNORECASE
)
_GARBLED_CALL = re.compile(r"tool_use_failed|failed to parse (?:input at|tool call)", re.IGNORECASE)
"""The model wrote a tool call that its endpoint could not read: the next may go well, whatever the status says."""
_AGAIN_LATER = re.compile(r"retry.{0,12}(?:in|after)|retrydelay|per.?(?:minute|day)|try again in", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReportedError:
    """An error as its endpoint tells it. `status`: of the answer, or as its body says it; None: neither.

    `code`: all its words for it, code, type and status, the most exact first.
    """

    status: int | None
    code: str
    words: str
    headers: Mapping[str, str] = field(default_factory=dict)
    in_answer: bool = False

    @property
    def cause(self) -> str:
        """Return which of the causes above it is."""
        said = f"{self.code} {self.words}"
        found = {cause for cause, pattern in _PATTERNS.items() if pattern.search(said)}
        if NO_CREDIT in found and self.status == 429 and RATE in found and _AGAIN_LATER.search(said):
            return RATE  # a minute's quota, in the words of an account's
        if (garbled := _GARBLED_CALL.search(said)) or _OF_THE_LIMIT.search(said):
            return AWAY if garbled else PARAMETER
        if self.status in (401, 402):
            return _BY_STATUS[self.status]
        if RATE in found and self.status == 429 and NO_CREDIT not in found:
            return RATE
        first = next((cause for cause in _PATTERNS if cause in found), None)
        if first is not None and not (self.is_server_failure and first in (NO_MODEL, WRONG_KEY, RATE)):
            return first
        return AWAY if self.is_server_failure else _BY_STATUS.get(self.status or 0, PARAMETER)

    @property
    def is_server_failure(self) -> bool:
        """Tell whether the status says that the endpoint failed, or nothing says anything."""
        return self.status is None or self.status >= 500

    def error(self, call: Call | None = None) -> CrewError:
        """Return what a caller does next about it, with the endpoint's reason where the `call` tells what to mask."""
        cause, reason = self.cause, mask_reason(self.words, call) if call is not None else None
        where = "in its answer" if self.in_answer else f"with {self.status}"
        message = f"the model's endpoint refused {where}: {_MEANS[cause]}" + (f" ({reason})" if reason else "")
        if cause in (RATE, AWAY) or (self.status in _RETRYABLE and cause not in (NO_CREDIT, TOO_LONG)):
            status = 429 if cause == RATE else self.status
            return unavailable(message, status, self.headers, code=self._first_code, cause=cause, reason=reason)
        return ModelRefused(message, status=self.status, code=self._first_code, cause=cause, reason=reason)

    @property
    def _first_code(self) -> str | None:
        return next(iter(self.code.split()), None)


def of_status(error: openai.APIStatusError) -> ReportedError:
    """Return the error of an answer that is no 200."""
    return _make_error(error.body, error.status_code, error.response.headers, text=_excerpt(error))


def of_body(error: Any) -> ReportedError:
    """Return the error in the body of a 200: in the midst of a stream, or instead of one."""
    return _make_error(error, None, {}, in_answer=True)


def unavailable(
    message: str,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    code: str | None = None,
    cause: str = AWAY,
    reason: str | None = None,
) -> ModelUnavailable:
    """Return an error that says: try again, when the endpoint says, or soon."""
    pause = _retry_after(headers) if headers else None
    at = time.time() + (_PAUSE if pause is None else pause)
    return ModelUnavailable(message, retry_at=at, status=status, code=code, cause=cause, reason=reason)


def _make_error(
    body: Any, status: int | None, headers: Mapping[str, str], *, text: str = "", in_answer: bool = False
) -> ReportedError:
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    if not isinstance(body, dict):
        return ReportedError(status, "", (str(body or "") or text)[:_LONGEST], headers, in_answer)
    codes = [str(body[name]) for name in ("code", "type", "status") if body.get(name)]
    said = [int(each) for each in codes if each.isdigit() and len(each) == 3]
    words = " ".join(_words(body))[:_LONGEST]
    return ReportedError(status or (said[0] if said else None), " ".join(codes), words or text, headers, in_answer)


def _words(body: Mapping[str, Any]) -> Iterator[str]:
    for name in ("message", "error", "detail", "msg", "reason", "failed_generation_reason"):
        if isinstance(body.get(name), str):
            yield body[name]
        elif isinstance(body.get(name), list):
            yield "; ".join(str(each.get("msg", each)) if isinstance(each, dict) else str(each) for each in body[name])
        elif isinstance(body.get(name), dict):
            yield from _words(body[name])
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and metadata.get("raw"):  # a router's, of the provider behind it
        yield str(metadata["raw"])


def _excerpt(error: openai.APIStatusError) -> str:
    try:
        return error.response.text[:_LONGEST]
    except Exception:  # noqa: BLE001 - a body that was never read, or is in no known encoding
        return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return seconds from `retry-after-ms` or `retry-after` (a number; the date form is not used by these services)."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(max(float(headers[name]) * scale, 0.0), _PAUSE_LIMIT)
        except (KeyError, ValueError):
            continue
    return None


def remaining(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Return requests and tokens left of this key's minute, where the endpoint tells; -1 where it does not."""
    found = [_count(headers.get(f"x-ratelimit-remaining-{what}")) for what in ("requests", "tokens")]
    return None if found == [-1, -1] else (found[0], found[1])


def _count(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else -1

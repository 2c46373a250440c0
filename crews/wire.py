"""The innermost part of the stack: one chat completion over HTTP, by the openai package on its aiohttp transport.

`client.post` with bytes of our own, because `chat.completions.create` walks the whole history in Python for each
call. The package's own retries are off: they sleep up to 60 s without knowing the deadline.
"""

import hashlib
import re
import time
from collections import OrderedDict
from typing import Any

import httpx
import openai
import orjson
from openai import AsyncOpenAI, DefaultAioHttpClient

from chatwootai.model.turn import Usage
from crews.errors import CrewError, ModelRefused, ModelUnavailable
from crews.stack import Call, Completion, Endpoint, ToolCall

_ENDPOINTS = 256  # keys and addresses in use at once; a client is small, its connections are shared
_CONNECT = 5.0  # seconds for DNS, TCP and TLS, at most
_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=200, keepalive_expiry=60.0)
_REASONING = re.compile(r"(?:^|/)(?:o[1-9]|gpt-5)(?!.*chat)")
_THINKING = 1000  # tokens
_RETRYABLE = frozenset({408, 409, 425, 429})
_PAUSE = 0.25  # seconds until a failed endpoint may be asked again, where it names no time
_PAUSE_LIMIT = 300.0
_NO_KEY = "no API key: set OPENAI_API_KEY, or api_key beside base_url under `model` in the tenant's configuration"
_NO_KEY_NEEDED = "none"  # what a local server without keys is sent


class Wire:
    """Asks OpenAI-compatible endpoints. One client per endpoint, one pool of connections for all."""

    def __init__(self) -> None:
        self._http = DefaultAioHttpClient(limits=_LIMITS, follow_redirects=False)
        self._clients: OrderedDict[tuple[str | None, bytes], AsyncOpenAI] = OrderedDict()

    async def complete(self, call: Call) -> Completion:
        """One request, one answer; cancelling it closes the request."""
        response = await self._send(self._client(call.endpoint), call)
        if isinstance(response, Exception):  # raised here so that no provider error with headers and body is chained
            raise response
        return _completion(call, response)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _send(self, client: AsyncOpenAI, call: Call) -> bytes | Exception:
        try:
            answer = await client.post(
                "/chat/completions",
                content=_content(call),
                cast_to=httpx.Response,
                options={"timeout": _timeout(call)},
            )
        except openai.APIStatusError as error:
            return _status_error(error)
        except openai.APIConnectionError as error:
            return _unavailable(f"the model's endpoint could not be reached ({type(error).__name__})")
        return answer.content

    def _client(self, endpoint: Endpoint) -> AsyncOpenAI:
        key = (endpoint.base_url, hashlib.sha256((endpoint.api_key or "").encode()).digest())
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = self._open(endpoint)
            if len(self._clients) > _ENDPOINTS:
                self._clients.popitem(last=False)
        self._clients.move_to_end(key)
        return client

    def _open(self, endpoint: Endpoint) -> AsyncOpenAI:
        # The environment's key belongs to the environment's endpoint: a base_url of a tenant's never receives it.
        api_key = endpoint.api_key or (_NO_KEY_NEEDED if endpoint.base_url else None)
        try:
            return AsyncOpenAI(api_key=api_key, base_url=endpoint.base_url, http_client=self._http, max_retries=0)
        except openai.OpenAIError:
            raise ModelRefused(_NO_KEY) from None


def _content(call: Call) -> bytes:
    body: dict[str, Any] = {"model": call.model, "messages": list(call.messages), **_limits(call)}
    if call.tools:
        body["tools"] = list(call.tools)
        body["tool_choice"] = "auto"
    if call.response_format is not None:
        body["response_format"] = call.response_format
    return orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)


def _limits(call: Call) -> dict[str, float | int]:
    """Models that reason refuse a temperature and `max_tokens`, and think inside the limit that they do take."""
    if _REASONING.search(call.model):
        return {} if call.max_tokens is None else {"max_completion_tokens": call.max_tokens + _THINKING}
    limits = {"temperature": call.temperature, "max_tokens": call.max_tokens}
    return {name: value for name, value in limits.items() if value is not None}


def _timeout(call: Call) -> httpx.Timeout:
    left = max(call.deadline - time.time(), 0.001)
    return httpx.Timeout(left, connect=min(left, _CONNECT))


def _status_error(error: openai.APIStatusError) -> CrewError:
    status = error.status_code
    if status == 429 and error.code == "insufficient_quota":
        return ModelRefused("the model's endpoint says that this account's credit is used up", status=status)
    if status in _RETRYABLE or status >= 500:
        return _unavailable(f"the model's endpoint answered {status}", status, error.response.headers)
    return ModelRefused(
        f"the model's endpoint refused the request with {status} ({error.code or 'no code'})", status=status
    )


def _unavailable(message: str, status: int | None = None, headers: httpx.Headers | None = None) -> ModelUnavailable:
    pause = _retry_after(headers) if headers is not None else None
    return ModelUnavailable(message, retry_at=time.time() + (_PAUSE if pause is None else pause), status=status)


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after` (a number; the date form is not used by these services)."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(max(float(headers[name]) * scale, 0.0), _PAUSE_LIMIT)
        except (KeyError, ValueError):
            continue
    return None


def _completion(call: Call, content: bytes) -> Completion:
    try:
        body = orjson.loads(content)
        choice = body["choices"][0]
        message = choice["message"]
        return Completion(
            text=_text(message),
            finish="refusal" if message.get("refusal") else str(choice.get("finish_reason") or "stop"),
            model=str(body.get("model") or call.model),
            tool_calls=tuple(_tool_call(each) for each in message.get("tool_calls") or ()),
            usage=_usage(body.get("usage")),
        )
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError, ValueError):
        pass
    raise _unavailable("the model's endpoint answered 200 with something that is no chat completion")


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""


def _tool_call(raw: dict[str, Any]) -> ToolCall:
    function = raw["function"]
    return ToolCall(str(raw["id"]), str(function["name"]), str(function.get("arguments") or "{}"))


def _usage(raw: Any) -> Usage:
    if not isinstance(raw, dict):
        return Usage(calls=1)
    details = raw.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=int(raw.get("prompt_tokens") or 0),
        completion_tokens=int(raw.get("completion_tokens") or 0),
        cached_tokens=int((details.get("cached_tokens") or 0) if isinstance(details, dict) else 0),
        calls=1,
    )

"""Chat completions on the wire: in one piece, or streamed token by token."""

import asyncio
import time
from typing import Any

import orjson
from aiohttp import web

from sandbox.llm.model import Completion

_GRAIN = (0.025, 0.1)
_MANY = 100
"""Tokens due within one grain (seconds) leave in one write; past so many streams at once, the coarser grain."""


async def whole(
    request: web.Request, completion: Completion, model: str, cut: bool, headers: dict[str, str]
) -> web.StreamResponse:
    """Answer in one piece once all of it would have been said; `cut` breaks the line midway."""
    await asyncio.sleep(completion.seconds)
    body = orjson.dumps(
        _envelope(completion, model, "chat.completion") | _whole_choice(completion) | _usage(completion)
    )
    if not cut:
        return web.Response(body=body, content_type="application/json", headers=headers)
    response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    _hang_up(request)
    return response


async def streamed(
    request: web.Request, completion: Completion, body: dict[str, Any], cut: bool, crowd: int, headers: dict[str, str]
) -> web.StreamResponse:
    """Answer as server-sent events, each token when it is due; `crowd` is how many requests are in flight."""
    start = asyncio.get_running_loop().time()
    await asyncio.sleep(completion.pace.first)
    response = web.StreamResponse(
        headers={**headers, "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    )
    await response.prepare(request)
    with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    events = _events(completion, str(body["model"]), with_usage)
    if cut:
        await response.write(b"".join(events[: max(1, len(events) // 2)]))
        _hang_up(request)
        return response
    await _speak(response, events, completion, start, crowd)
    if with_usage:
        await response.write(_event(_envelope(completion, str(body["model"])) | {"choices": []} | _usage(completion)))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


async def stall() -> None:
    """Say nothing until the client has left."""
    await asyncio.Event().wait()


def malformed() -> web.Response:
    """Return 200 with JSON that is none."""
    return web.Response(body=b'{"id": "chatcmpl-broken", "choices": [{"message": ', content_type="application/json")


async def _speak(
    response: web.StreamResponse, events: list[bytes], completion: Completion, start: float, crowd: int
) -> None:
    """Write events at the pace's speed: several that are due together in one write."""
    loop, speed = asyncio.get_running_loop(), completion.rate
    grain, sent = _GRAIN[crowd > _MANY], 0
    while sent < len(events):
        spoken = loop.time() - start - completion.pace.first
        due = min(len(events), int(spoken * speed) + 1) if speed else len(events)
        if due > sent:
            await response.write(b"".join(events[sent:due]))
            sent = due
        if sent < len(events):
            await asyncio.sleep(max(grain, (sent / speed) - spoken))


def _events(completion: Completion, model: str, with_usage: bool) -> list[bytes]:
    """Return the stream's events, one a token, the role first and the reason to finish last."""
    envelope = _envelope(completion, model) | ({"usage": None} if with_usage else {})
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None if completion.calls else ""}]
    deltas += [{"content": piece} for piece in completion.pieces]
    for at, (identity, name, arguments) in enumerate(completion.calls):
        head = {"index": at, "id": identity, "type": "function", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [head]})
        deltas.append({"tool_calls": [{"index": at, "function": {"arguments": arguments}}]})
    choices: list[tuple[dict[str, Any], str | None]] = [(delta, None) for delta in deltas] + [({}, completion.finish)]
    template = orjson.dumps(envelope)[:-1]
    return [
        b"data: " + template + b',"choices":[{"index":0,"delta":' + orjson.dumps(delta)
        # The same bytes around every token: one dump of the small part each.
        + b',"logprobs":null,"finish_reason":' + orjson.dumps(finish) + b"}]}\n\n"
        for delta, finish in choices
    ]  # fmt: skip


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _envelope(completion: Completion, model: str, kind: str = "chat.completion.chunk") -> dict[str, Any]:
    return {
        "id": completion.id,
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": "fp_sandbox",
    }


def _whole_choice(completion: Completion) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": completion.text or None, "refusal": None}
    if completion.calls:
        message["tool_calls"] = [
            {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
            for identity, name, arguments in completion.calls
        ]
    return {"choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish}]}


def _usage(completion: Completion) -> dict[str, Any]:
    total = completion.prompt_tokens + completion.tokens
    return {
        "usage": {
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.tokens,
            "total_tokens": total,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }
    }


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()

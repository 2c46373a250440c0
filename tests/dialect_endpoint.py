"""An endpoint on a real socket that says exactly the bytes of a case in tests/dialects, and refuses as the case says.

The shape of a case (all but `source`, `says` and what is expected may be missing):

    name:
      source: where people met this, or the reference that allows it
      says:                     # one answer for each request, the last one again
        - status: 200
          type: text/event-stream
          headers: {}
          body:                 # in this order, each written by itself
            - hello             # {text: hello}: a delta with content
            - {text: hello, finish: stop}
            - {delta: {...}, finish: ...}
            - {event: {...}}    # any JSON as an event
            - {raw: "..."}      # these characters
            - {hex: "f09f"}     # these bytes
            - done              # data: [DONE]
          json: {...}           # instead of body: a document
      refuses:                  # before any answer, where the request is not so (names of _REQUIREMENTS)
        - {unless: alternating, status: 400, json: {...}, type: application/json}
      model, tools, history, asked: what is asked
      reads: what the contact reads
      people: the cause for which people are asked instead (a part of the error or of the handoff's reason)
      calls: [{find: {x: 1}}]   # tools that were run, in order
      requests: how many requests that took; `again`: how many the same question takes afterwards
      sent: [names of _REQUIREMENTS]   # the last request was so
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Case = Mapping[str, Any]


def _plain_roles(body: dict[str, Any]) -> list[str]:
    return [each["role"] for each in body["messages"] if each["role"] != "tool" and not each.get("tool_calls")]


def _alternates(body: dict[str, Any]) -> bool:
    roles = [role for role in _plain_roles(body) if role != "system"]
    return all(role == ("user", "assistant")[number % 2] for number, role in enumerate(roles))


def _own(body: dict[str, Any]) -> dict[str, Any]:
    return next((each for each in body["messages"] if each.get("tool_calls")), {})


def _contents(body: dict[str, Any]) -> list[Any]:
    return [each.get("content") for each in body["messages"]]


_REQUIREMENTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "alternating": _alternates,
    "no system": lambda body: all(each["role"] != "system" for each in body["messages"]),
    "text contents": lambda body: not any(isinstance(each, list) for each in _contents(body)),
    "no null content": lambda body: None not in _contents(body),
    "no empty content": lambda body: all(_contents(body)),
    "no names": lambda body: not any("name" in each for each in body["messages"]),
    "no own fields": lambda body: set(_own(body)) <= {"role", "content", "tool_calls"},
    "reasoning_content back": lambda body: "tool" not in _roles(body) or bool(_own(body).get("reasoning_content")),
    "reasoning_details back": lambda body: "tool" not in _roles(body) or bool(_own(body).get("reasoning_details")),
    "thinking in content back": lambda body: "tool" not in _roles(body) or "<think>" in str(_own(body).get("content")),
    "signature back": lambda body: (
        "tool" not in _roles(body)
        or bool(_own(body)["tool_calls"][0].get("extra_content", {}).get("google", {}).get("thought_signature"))
    ),
    "short": lambda body: len(body["messages"]) <= 4,
    "instructions kept": lambda body: "Calm." in json.dumps(body["messages"][0]),
    "no tools": lambda body: "tools" not in body,
}


def _roles(body: dict[str, Any]) -> list[str]:
    return [each["role"] for each in body["messages"]]


def is_so(requirement: str, body: dict[str, Any]) -> bool:
    """Return whether a request fulfils a requirement: one of _REQUIREMENTS, or `no PARAMETER`."""
    if requirement in _REQUIREMENTS:
        return _REQUIREMENTS[requirement](body)
    found = re.fullmatch(r"no (\w+)", requirement)
    assert found, requirement
    return found[1] not in body


class Said:
    """`url` ends in /v1; `bodies`: what was asked, in order; `answered`: how many answers were given."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.answered = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        for refusal in self.case.get("refuses", ()):
            if not is_so(refusal["unless"], body):
                return await _given(request, {"status": 400, "type": "application/json", **refusal})
        answers = self.case["says"]
        self.answered += 1
        return await _given(request, answers[min(self.answered, len(answers)) - 1])


async def _given(request: web.Request, answer: Mapping[str, Any]) -> web.StreamResponse:
    kind = answer.get("type", "text/event-stream" if "body" in answer else "application/json")
    headers = {"Content-Type": kind, **answer.get("headers", {})}
    response = web.StreamResponse(status=answer.get("status", 200), headers=headers)
    await response.prepare(request)
    for piece in [answer["json"]] if "json" in answer else answer["body"]:
        await response.write(_document(piece) if "json" in answer else _bytes(piece))
    await response.write_eof()
    return response


def _document(piece: Any) -> bytes:
    return json.dumps(piece, ensure_ascii=False, indent=1).encode()


def _bytes(piece: Any) -> bytes:
    if piece == "done":
        return b"data: [DONE]\n\n"
    if isinstance(piece, str):
        piece = {"text": piece}
    if "raw" in piece:
        return str(piece["raw"]).encode()
    if "hex" in piece:
        return bytes.fromhex(piece["hex"])
    if "event" in piece:
        return b"data: " + json.dumps(piece["event"], ensure_ascii=False).encode() + b"\n\n"
    delta = piece.get("delta", {"content": piece["text"]} if "text" in piece else {})
    choice = {"index": 0, "delta": delta, "finish_reason": piece.get("finish")}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "served"}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


@asynccontextmanager
async def saying(case: Case) -> AsyncIterator[Said]:
    said = Said(case)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", said.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    said.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield said
    finally:
        await runner.cleanup()

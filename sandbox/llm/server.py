"""One sandbox LLM: what it answers to OpenAI's requests, and what goes wrong with them."""

import asyncio
from typing import Any

import orjson
from aiohttp import web

from sandbox.llm import chat
from sandbox.llm.answering import audio
from sandbox.llm.answering.embedding import DIMENSIONS, embed, encoded
from sandbox.llm.answering.prompt import text_of
from sandbox.llm.answering.words import count
from sandbox.llm.errors import invalid, rate_limited, server_error
from sandbox.llm.faults import Fault, Faults, Kind
from sandbox.llm.limits import Limits
from sandbox.llm.model import Model, checked, limit, prompt_size
from sandbox.llm.settings import MODELS, Settings
from sandbox.llm.stats import Entry, Stats


class Server:
    """One sandbox LLM: its model, faults, limits and counts, and the handlers that put them on the wire."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model = Model(settings)
        self.faults = Faults(settings.seed, settings.faults)
        self.limits = Limits(settings.requests_per_minute, settings.tokens_per_minute)
        self.stats = Stats()

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/chat/completions`."""
        body = await _json(request)
        messages = checked(body)
        with self.stats.flight(request.path, body) as entry:
            headers = self._admit(request, prompt_size(body) + (limit(body) or 0))
            fault = await self._strike(entry, "chat", "\n".join(map(text_of, messages)))
            if fault and fault.kind is Kind.MALFORMED:
                return chat.malformed()
            completion = self.model.complete(body, entry.number)
            entry.answer = completion.text or " ".join(f"{name}({given})" for _, name, given in completion.calls)
            cut = fault is not None and fault.kind is Kind.CUT
            if body.get("stream"):
                crowd = self.stats.in_flight
                response = await chat.streamed(request, completion, body, cut, crowd, headers)
            else:
                response = await chat.whole(request, completion, str(body["model"]), cut, headers)
            self._count_tokens(entry, completion.prompt_tokens, completion.tokens)
            return response

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/embeddings`."""
        body = await _json(request)
        texts = _inputs(body)
        with self.stats.flight(request.path, body) as entry:
            size = sum(map(count, texts))
            headers = self._admit(request, size)
            fault = await self._strike(entry, "embeddings", "\n".join(texts))
            if fault and fault.kind is Kind.MALFORMED:
                return chat.malformed()
            curve = self.model.curve(str(body.get("model")))
            await asyncio.sleep(curve.embedding_seconds(f"{self.settings.seed}:{entry.number}"))
            self._count_tokens(entry, size, 0)
            return _json_answer(_embedding_answer(body, texts, size), headers)

    async def transcribe(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/audio/transcriptions`."""
        given = await audio.read_recording(request)
        with self.stats.flight(request.path, {"model": given.model, "file": given.name}) as entry:
            headers = self._admit(request, 1)
            await self._strike(entry, "audio", given.name)
            await asyncio.sleep(self.model.curve(given.model).pace(f"{self.settings.seed}:{entry.number}").first)
            self._count_tokens(entry, 1, count(given.text))
            return audio.answer(given, headers)

    async def models(self, _request: web.Request) -> web.StreamResponse:
        """Answer `GET /v1/models`."""
        listed = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "sandbox"} for name in MODELS]
        return _json_answer({"object": "list", "data": listed})

    def _admit(self, request: web.Request, tokens: int) -> dict[str, str]:
        return self.limits.admit(key_of(request) or "anonymous", tokens)

    async def _strike(self, entry: Entry, endpoint: str, text: str) -> Fault | None:
        """Let a fault happen, if one is due: raise, wait, or return what changes the answer."""
        fault = self.faults.strike(entry.number, endpoint, entry.model, text)
        if fault is None:
            return None
        self.stats.faults[str(fault.kind)] += 1
        if fault.kind not in (Kind.SLOW, Kind.STALL):
            entry.outcome = fault.kind
        match fault.kind:
            case Kind.RATE_LIMITED:
                raise rate_limited("requests", fault.seconds, {"x-ratelimit-remaining-requests": "0"})
            case Kind.SERVER_ERROR:
                raise server_error(fault.status)
            case Kind.STALL:
                await chat.stall()
            case Kind.SLOW:
                await asyncio.sleep(fault.seconds)
            case Kind.MALFORMED:
                entry.status = 200
        return fault

    def _count_tokens(self, entry: Entry, prompt: int, completion: int) -> None:
        entry.status = 200
        self.stats.prompt_tokens += prompt
        self.stats.completion_tokens += completion


def key_of(request: web.Request) -> str | None:
    """Return the key that a request comes with, as OpenAI or Azure takes it."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return (key if scheme.lower() == "bearer" else None) or request.headers.get("api-key") or None


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except ValueError:
        raise invalid("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise invalid("The body of your request must be a JSON object.")
    return body


def _inputs(body: dict[str, Any]) -> list[str]:
    given = body.get("input")
    if isinstance(given, str) or (isinstance(given, list) and given and isinstance(given[0], int)):
        given = [given]
    if not isinstance(given, list) or not given or len(given) > 2048:
        raise invalid("'input' must be a text, tokens, or a list of up to 2048 of them", "input")
    return [text if isinstance(text, str) else " ".join(map(str, text)) for text in given]


def _embedding_answer(body: dict[str, Any], texts: list[str], size: int) -> dict[str, Any]:
    model = str(body.get("model"))
    dimensions = body.get("dimensions") or DIMENSIONS.get(model, 1536)
    if not isinstance(dimensions, int) or not 1 <= dimensions <= 3072:
        raise invalid("'dimensions' must be between 1 and 3072", "dimensions")
    as_text = body.get("encoding_format") == "base64"
    vectors = [embed(text, dimensions) for text in texts]
    data = [
        {"object": "embedding", "index": at, "embedding": encoded(vector) if as_text else list(vector)}
        for at, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": size, "total_tokens": size}}


def _json_answer(value: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json", headers=headers)

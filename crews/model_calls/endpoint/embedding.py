"""Texts as vectors, by any OpenAI-compatible endpoint: one small request, whose failure costs its caller little."""

import array
import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import openai
import orjson
from openai import AsyncOpenAI, AsyncStream

from chatwootai.long_texts import worked_on
from chatwootai.model.text.normalize import abridge
from chatwootai.net import Forbidden
from crews.errors import CrewError
from crews.model_calls.endpoint import metrics
from crews.model_calls.endpoint.clients import refused_address
from crews.model_calls.response import errors
from crews.model_calls.response.usage import read_usage

_LONGEST = 6_000  # characters of a text: what an embedding model reads, rather too little
_MOST_BYTES = 64 * 1024
_BYTES_A_TEXT = 256 * 1024
"""Of an answer, at most: 8,192 numbers come to less, as they are usually written."""
_NOTHING = httpx.ByteStream(b"")

Vectors = list[list[float]]


@dataclass(frozen=True, slots=True)
class EmbeddingAnswer:
    """A vector for each text, and how many tokens the endpoint read for it."""

    vectors: Vectors = field(repr=False)
    tokens: int


async def request_embeddings(
    client: AsyncOpenAI, model: str, texts: Sequence[str], deadline: float, dimensions: int | None = None
) -> EmbeddingAnswer:
    """Return a vector for each text, of `dimensions` numbers (None: the model's own); `deadline` unix seconds.

    Raises:
        ModelUnavailable, ModelRefused: there are none to be had.
    """
    began = time.perf_counter()
    answer = await _request_once(client, model, texts, deadline, dimensions)
    metrics.count_request(
        model, "unavailable" if isinstance(answer, CrewError) else "answered", time.perf_counter() - began
    )
    if isinstance(answer, CrewError):  # raised here so that no provider error with headers and body is chained
        raise answer
    return answer


async def _request_once(
    client: AsyncOpenAI, model: str, texts: Sequence[str], deadline: float, dimensions: int | None
) -> EmbeddingAnswer | CrewError:
    body: dict[str, Any] = {"model": model, "input": [abridge(text, _LONGEST) or " " for text in texts]}
    if dimensions is not None:
        body["dimensions"] = dimensions
    left = max(deadline - time.time(), 0.001)
    try:
        async with asyncio.timeout(left):  # the package's own counts from byte to byte
            response: Any = await client.post(  # with this `cast_to` it is the unread response, whatever types say
                "/embeddings",
                content=orjson.dumps(body),
                cast_to=httpx.Response,
                options={"timeout": left},
                stream=True,
                stream_cls=AsyncStream[Any],
            )
            content = await _read_bounded(response, _MOST_BYTES + _BYTES_A_TEXT * len(texts))
        return await worked_on(len(content), lambda: _parse_vectors(content, len(texts)))
    except TimeoutError:
        return errors.unavailable("the endpoint gave no embeddings in time")
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, Forbidden):
            return refused_address()
        return errors.unavailable(f"the endpoint gave no embeddings ({type(error).__name__})")
    except openai.APIStatusError as error:
        return errors.of_status(error).error()
    except (openai.APIError, httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        return errors.unavailable(f"the endpoint gave no embeddings ({type(error).__name__})")


async def _read_bounded(response: httpx.Response, most: int) -> bytes:
    """Return an answer's body.

    Raises:
        ValueError: it is longer than `most` bytes.
    """
    content = bytearray()
    try:
        async for data in response.aiter_bytes():
            content += data
            if len(content) > most:
                raise ValueError(f"the answer is longer than {most} bytes")
    finally:
        await response.aclose()
        response.stream = _NOTHING  # its own holds it: a circle that only the garbage collector would find
    return bytes(content)


def _parse_vectors(content: bytes, count: int) -> EmbeddingAnswer:
    answer = orjson.loads(content)
    found = sorted(answer["data"], key=lambda each: int(each.get("index") or 0))
    vectors = [_vector(each["embedding"]) for each in found]
    if len(vectors) != count:
        raise ValueError(f"{len(vectors)} vectors for {count} texts")
    usage = answer.get("usage")
    if isinstance(usage, dict) and not usage.get("prompt_tokens"):
        usage = {"prompt_tokens": usage.get("total_tokens")}
    return EmbeddingAnswer(vectors, read_usage(usage).prompt_tokens)


def _vector(given: Any) -> list[float]:
    """Return an embedding's numbers: as they are, in a list of its own (llama.cpp), or packed as base64."""
    if isinstance(given, str):
        return array.array("f", base64.b64decode(given, validate=True)).tolist()
    return [float(number) for number in (given[0] if given and isinstance(given[0], list) else given)]

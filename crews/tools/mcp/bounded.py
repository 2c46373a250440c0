"""Bounds of a server's HTTP responses: no message is kept beyond what is read of one, however it is sent.

The mcp package reads a body, or an event, to its end and then looks at it. Here each is held back until it is whole.
One that is too long is given to the package as the server's refusal of that very request, so that the call fails, says
why, and the session goes on; where it belongs to no request the stream ends.
"""

import json
from collections.abc import AsyncIterator
from typing import Final

import httpx
from httpx_aiohttp import AiohttpTransport

from crews.tools.bounds import MOST_BYTES, TooLong, check

TOO_LONG: Final = -32090  # of the range that JSON-RPC leaves to implementations
_ENDS: Final = (b"\n\n", b"\r\r", b"\r\n\r\n")


class BoundedTransport(AiohttpTransport):
    """Requests as the transport below makes them, answers in bounds."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, its body still to come."""
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - the transport is asynchronous
        kind = response.headers.get("content-type", "").lower()
        reader = _Events if kind.startswith("text/event-stream") else _Body
        response.stream = reader(response.stream, _request_id(request))
        return response


class _Body(httpx.AsyncByteStream):
    """One message, whole."""

    def __init__(self, source: httpx.AsyncByteStream, request: str | int | None) -> None:
        self._source, self._request = source, request

    async def aclose(self) -> None:
        """Close the connection below."""
        await self._source.aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        kept = bytearray()
        try:
            async for chunk in self._source:
                kept += chunk
                if len(kept) > MOST_BYTES:
                    raise TooLong(f"the answer is longer than {MOST_BYTES} bytes")
            check(kept)
        except TooLong as error:
            yield self._refusal(error)
            return
        yield bytes(kept)

    def _refusal(self, error: TooLong) -> bytes:
        """Return the server's refusal of the request.

        Raises:
            TooLong: the message belongs to none.
        """
        if self._request is None:
            raise error
        refusal = {"jsonrpc": "2.0", "id": self._request, "error": {"code": TOO_LONG, "message": str(error)}}
        return json.dumps(refusal).encode()


class _Events(_Body):
    """Many messages, each of them whole."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        kept = bytearray()
        try:
            async for chunk in self._source:
                begin = max(0, len(kept) - 3)
                kept += chunk
                end = max(found + len(sign) if (found := kept.rfind(sign, begin)) >= 0 else 0 for sign in _ENDS)
                if end:
                    check(kept[:end])
                    yield bytes(kept[:end])
                    del kept[:end]
                if len(kept) > MOST_BYTES:
                    raise TooLong(f"the answer is longer than {MOST_BYTES} bytes")
        except TooLong as error:
            yield b"data: " + self._refusal(error) + b"\n\n"
            return
        if kept:
            check(kept)
            yield bytes(kept)


def _request_id(request: httpx.Request) -> str | int | None:
    """Return the number of the request in a body that the mcp package has just written."""
    try:
        said = json.loads(request.content)
    except (ValueError, httpx.RequestNotRead):
        return None
    found = said.get("id") if isinstance(said, dict) and "method" in said else None
    return found if isinstance(found, str | int) else None

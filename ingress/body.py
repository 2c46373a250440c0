"""Reading a request's body without trusting what it says of itself."""

import asyncio
from typing import Final

from aiohttp import web

from ingress.body_limits import MIB, MOST_MIB

READ_SECONDS: Final = 5.0  # Chatwoot itself gives up after 5 s


class TooLarge(Exception):
    """The body is over the limit; `size` in bytes, as announced or as far as it was read."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


class TooSlow(Exception):
    """The body did not come in time, or its connection broke."""


async def read_body(request: web.BaseRequest, most: int = MOST_MIB * MIB, seconds: float = READ_SECONDS) -> bytes:
    """Return the whole raw body.

    The limit is enforced on what has arrived, so neither chunks nor a lying Content-Length get past it.

    Raises:
        TooLarge: more than `most` bytes, announced or arrived; the rest is not read.
        TooSlow: not whole after `seconds`.
    """
    content = request.content
    if content.is_eof():  # it came with the headers, as nearly all do: no timer, no loop
        body = content.read_nowait()
        if len(body) > most:
            raise TooLarge(len(body))
        return body
    if (request.content_length or 0) > most:
        raise TooLarge(request.content_length or 0)
    try:
        async with asyncio.timeout(seconds):
            return await _read_chunks(request, most)
    except (TimeoutError, web.RequestPayloadError, ConnectionError) as error:
        raise TooSlow from error


async def _read_chunks(request: web.BaseRequest, most: int) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > most:
            raise TooLarge(len(body))
    return bytes(body)

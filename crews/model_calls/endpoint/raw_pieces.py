"""An answer's bytes as they come, without the layers that httpx has between a connection and its reader.

A streamed answer is some hundred pieces, and each passes five iterators in httpx and its transport. They cost more than
all that is read of a piece, so it is taken from aiohttp's own reader where that can be had.
"""

from collections.abc import AsyncIterator

import aiohttp
import httpx
from httpx_aiohttp.transport import AiohttpResponseStream, map_aiohttp_exceptions


async def raw_pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the bytes of a body that is not encoded, as `Response.aiter_raw` does; the caller closes the response.

    Raises:
        httpx.HTTPError: the connection broke.
    """
    reader = _reader(response)
    if reader is None:
        async for piece in response.aiter_raw():
            yield piece
        return
    try:
        while piece := await reader.readany():
            yield piece
    except (aiohttp.ClientError, TimeoutError):
        with map_aiohttp_exceptions():  # to what httpx raises
            raise


def _reader(response: httpx.Response) -> aiohttp.StreamReader | None:
    """Return aiohttp's reader below a response; None where another transport, or another version, has none there."""
    stream = getattr(response.stream, "_stream", None)
    below = getattr(stream, "_aiohttp_response", None) if isinstance(stream, AiohttpResponseStream) else None
    return below.content if isinstance(below, aiohttp.ClientResponse) else None

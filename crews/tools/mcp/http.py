"""A server that is reached by its address: streamable HTTP, or HTTP with server-sent events as before 2025.

Each session has connections of its own, and closes no others: what befalls one server stays with it.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import httpx
from mcp import McpError
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from chatwootai.guarded_session import session
from crews.tools.mcp.bounded import BoundedTransport
from crews.tools.mcp.reasons import session_gone
from crews.tools.mcp.stdio import Streams

_OLD_WAY: Final = frozenset({400, 404, 405})
"""What a server of the older transport answers to a POST at its address, as the protocol's revision of 2025 says."""
_SILENCE: Final = 300.0  # seconds without an event after which a stream counts as dead


@asynccontextmanager
async def open_streamable_http(
    url: str, headers: Mapping[str, str], private: Collection[str], seconds: float
) -> AsyncIterator[Streams]:
    """Speak to a server over streamable HTTP. `seconds`: what a request may take to be answered at all."""
    async with (
        session(private) as connections,
        _client(connections, headers, seconds) as client,
        streamable_http_client(url, http_client=client) as (read, write, _),
    ):
        yield read, write


@asynccontextmanager
async def open_sse(
    url: str, own: Mapping[str, str], private: Collection[str], seconds: float
) -> AsyncIterator[Streams]:
    """Speak to a server over HTTP with server-sent events: one stream for what it says, requests for what we say."""
    async with session(private) as connections:

        def client(
            headers: dict[str, str] | None = None,
            timeout: httpx.Timeout | None = None,
            auth: httpx.Auth | None = None,
        ) -> httpx.AsyncClient:
            return _client(connections, own, seconds)

        async with sse_client(url, httpx_client_factory=client) as streams:
            yield streams


def needs_sse(error: BaseException) -> bool:
    """Tell whether a refusal of streamable HTTP is the one that servers of the older transport give."""
    if isinstance(error, BaseExceptionGroup):
        return any(map(needs_sse, error.exceptions))
    if isinstance(error, McpError):
        return session_gone(error)
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code in _OLD_WAY


def _client(connections: aiohttp.ClientSession, headers: Mapping[str, str], seconds: float) -> httpx.AsyncClient:
    """Return an HTTP client over guarded connections; it follows nobody to another origin."""
    return httpx.AsyncClient(
        transport=BoundedTransport(client=connections),
        headers=dict(headers),
        timeout=httpx.Timeout(seconds, read=_SILENCE),
        follow_redirects=False,
        trust_env=False,
    )

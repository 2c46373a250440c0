"""A client for each endpoint and key; all of them share two pools of connections, and none remembers a cookie.

One pool is for endpoints that the operator names. The other judges each address that it connects to, for those that an
account's author names: a name that leads to a private address, now or later, is not reached.
"""

import os
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar
from typing import Any

import httpx
import openai
from httpx_aiohttp import AiohttpTransport
from openai import AsyncOpenAI, DefaultAioHttpClient

from chatwootai.bounded_cache import BoundedCache
from chatwootai.guarded_session import session
from chatwootai.net import Forbidden, is_private
from crews.errors import ModelRefused
from crews.model_calls.call import Endpoint
from crews.model_calls.call_terms import KEY
from crews.model_calls.endpoint.chat_requests import ChatRequests

CONNECT = 5.0
"""Seconds for DNS, TCP and TLS, at most."""
_ENDPOINTS = 256  # keys and addresses in use at once; a client is small, its connections are shared
_LIMITS = httpx.Limits(max_connections=2000, max_keepalive_connections=400, keepalive_expiry=75.0)
_REFUSAL, _REFUSAL_PACKED = 256 * 1024, 4 * 1024
"""Bytes of an error that are read; of one that is packed, which may unpack to a thousand times as much."""
_PLAIN = {"Accept-Encoding": "identity"}  # events are small: unpacking each costs more than its bytes
_AZURE = (".azure.com", ".azure-api.net")
_NO_KEY = "no API key: set OPENAI_API_KEY, or api_key beside base_url under `model` in the tenant's configuration"
_PRIVATE = "the model's address is a private one, which this account's folder may not name"
_NO_KEY_NEEDED = "none"  # what a local server without keys is sent


class _Bounded(httpx.AsyncByteStream):
    """A body that ends after some bytes, whatever else would come."""

    def __init__(self, stream: httpx.AsyncByteStream, most: int) -> None:
        self._stream, self._left = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            yield data[: self._left]
            self._left -= len(data)
            if self._left <= 0:
                return

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound_refusal(response: httpx.Response) -> None:
    """Bound the body of an answer that is no 200: the package reads all of it."""
    if response.status_code != httpx.codes.OK and isinstance(response.stream, httpx.AsyncByteStream):
        packed = response.headers.get("content-encoding", "identity") != "identity"
        response.stream = _Bounded(response.stream, _REFUSAL_PACKED if packed else _REFUSAL)


_HOOKS = {"response": [_bound_refusal]}


class Clients:
    """Opened when first asked for; the ones unused the longest are let go. `http`: connections to the operator's."""

    def __init__(self) -> None:
        self.http = DefaultAioHttpClient(
            limits=_LIMITS, follow_redirects=False, headers=_PLAIN, cookies=_NoCookies(), event_hooks=_HOOKS
        )
        self._public: httpx.AsyncClient | None = None
        self._clients: BoundedCache[str, AsyncOpenAI] = BoundedCache(_ENDPOINTS)
        self._chats: BoundedCache[str, ChatRequests] = BoundedCache(_ENDPOINTS)

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._clients)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.http.aclose()
        if self._public is not None:
            await self._public.aclose()

    async def touch(self, endpoint: Endpoint) -> bool:
        """Connect, asking nothing and sending no key; whether that went well."""
        try:
            await self._pool(endpoint).head(str(self.of(endpoint).base_url), timeout=CONNECT)
        except (httpx.HTTPError, OSError, ValueError, Forbidden):
            return False
        return True

    def of(self, endpoint: Endpoint) -> AsyncOpenAI:
        """Return the endpoint's client.

        Raises:
            ModelRefused: there is no key for it, or it must be at a public address and is not.
        """
        return self._clients.get_or_make(endpoint.id, lambda: self._open(endpoint))

    def chat(self, endpoint: Endpoint) -> ChatRequests:
        """Return what sends the endpoint's chat completions.

        Raises:
            ModelRefused: as `of`.
        """
        return self._chats.get_or_make(endpoint.id, lambda: ChatRequests(self.of(endpoint), self._pool(endpoint)))

    def _pool(self, endpoint: Endpoint) -> httpx.AsyncClient:
        """Return the connections for an endpoint.

        Raises:
            ModelRefused: it must be at a public address, and is a private one as it is written.
        """
        if not endpoint.public:
            return self.http
        if is_private(httpx.URL(endpoint.base_url or "").host):  # an address is not looked up, and never judged
            raise refused_address()
        if self._public is None:
            transport = AiohttpTransport(client=lambda: session(decompress=False), limits=_LIMITS)
            self._public = httpx.AsyncClient(
                transport=transport,
                follow_redirects=False,
                headers=_PLAIN,
                cookies=_NoCookies(),
                trust_env=False,
                event_hooks=_HOOKS,
            )
        return self._public

    def _open(self, endpoint: Endpoint) -> AsyncOpenAI:
        # The environment's key belongs to the environment's endpoint: a base_url of a tenant's never receives it.
        api_key = endpoint.api_key or (_NO_KEY_NEEDED if endpoint.base_url else os.environ.get(KEY, "").strip())
        if not api_key:  # a line break behind it, as a file of secrets ends with, would be no header
            raise ModelRefused(_NO_KEY, code="no_key")
        base_url, query, headers = address_of(endpoint)
        try:
            return AsyncOpenAI(
                api_key=api_key,
                base_url=base_url,
                default_query=query,
                default_headers=headers,
                http_client=self._pool(endpoint),
                max_retries=0,
            )
        except openai.OpenAIError:
            raise ModelRefused(_NO_KEY, code="no_key") from None


def refused_address() -> ModelRefused:
    """Return the error of an endpoint that must be at a public address and is not."""
    return ModelRefused(_PRIVATE, code="private_address")


def address_of(endpoint: Endpoint) -> tuple[str | None, dict[str, object], dict[str, str]]:
    """Return address, query, headers: Azure's older ones end in `?api-version=...`, and want the key in its own."""
    if endpoint.base_url is None:
        return None, {}, {}
    url = httpx.URL(endpoint.base_url)
    azure = endpoint.api_key and url.host.endswith(_AZURE)
    headers = {"api-key": endpoint.api_key} if azure and endpoint.api_key else {}
    return str(url.copy_with(query=None)), dict(url.params), headers


class _NoCookies(CookieJar):
    """One client serves all tenants: what an endpoint wants remembered of one must not go out with another's call."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take none."""

    def add_cookie_header(self, request: Any) -> None:
        """Send none."""

"""A client for each endpoint and key; all of them share one pool of connections, and none remembers a cookie."""

from collections import OrderedDict
from http.cookiejar import CookieJar
from typing import Any

import httpx
import openai
from openai import AsyncOpenAI, DefaultAioHttpClient

from crews.errors import ModelRefused
from crews.model_calls.call import Endpoint

CONNECT = 5.0
"""Seconds for DNS, TCP and TLS, at most."""
_ENDPOINTS = 256  # keys and addresses in use at once; a client is small, its connections are shared
_LIMITS = httpx.Limits(max_connections=2000, max_keepalive_connections=400, keepalive_expiry=75.0)
_PLAIN = {"Accept-Encoding": "identity"}  # events are small: unpacking each costs more than its bytes
_AZURE = (".azure.com", ".azure-api.net")
_NO_KEY = "no API key: set OPENAI_API_KEY, or api_key beside base_url under `model` in the tenant's configuration"
_NO_KEY_NEEDED = "none"  # what a local server without keys is sent


class Clients:
    """Opened when first asked for; the ones unused the longest are let go. `http`: the pool of connections."""

    def __init__(self) -> None:
        self.http = DefaultAioHttpClient(limits=_LIMITS, follow_redirects=False, headers=_PLAIN, cookies=_NoCookies())
        self._clients: OrderedDict[str, AsyncOpenAI] = OrderedDict()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._clients)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.http.aclose()

    async def touch(self, endpoint: Endpoint) -> bool:
        """Connect, asking nothing and sending no key; whether that went well."""
        try:
            await self.http.head(str(self.of(endpoint).base_url), timeout=CONNECT)
        except (httpx.HTTPError, OSError, ValueError):
            return False
        return True

    def of(self, endpoint: Endpoint) -> AsyncOpenAI:
        """Return the endpoint's client.

        Raises:
            ModelRefused: there is no key for it.
        """
        client = self._clients.get(endpoint.id)
        if client is None:
            client = self._clients[endpoint.id] = self._open(endpoint)
            if len(self._clients) > _ENDPOINTS:
                self._clients.popitem(last=False)
        self._clients.move_to_end(endpoint.id)
        return client

    def _open(self, endpoint: Endpoint) -> AsyncOpenAI:
        # The environment's key belongs to the environment's endpoint: a base_url of a tenant's never receives it.
        api_key = endpoint.api_key or (_NO_KEY_NEEDED if endpoint.base_url else None)
        base_url, query, headers = addressed(endpoint)
        try:
            return AsyncOpenAI(
                api_key=api_key,
                base_url=base_url,
                default_query=query,
                default_headers=headers,
                http_client=self.http,
                max_retries=0,
            )
        except openai.OpenAIError:
            raise ModelRefused(_NO_KEY, code="no_key") from None


def addressed(endpoint: Endpoint) -> tuple[str | None, dict[str, object], dict[str, str]]:
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

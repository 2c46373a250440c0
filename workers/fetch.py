"""Fetching what a contact attached, from addresses that strangers can choose: never from inside the network.

Every address is checked where it is connected to, after its name was resolved, and so is each redirect. Only the
tenant's own Chatwoot, and hosts that an operator names, may lie at private addresses.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from crews.guard import public

PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds after which an address is asked again: Chatwoot tells of a file before it is stored."""
_REDIRECTS: Final = 4
_CHUNK: Final = 1 << 16
_ATTEMPT_SECONDS: Final = 15.0
_HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "ChatwootAI"}  # what is unpacked has no bound


class Unfetchable(Exception):
    """It will not be had; the message says why, in words that may stand before a crew."""


class NotReady(Exception):
    """It is not there now."""


class PrivateAddress(OSError):
    """The name leads inside the network."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file's bytes, and what its server says it is."""

    data: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """Where an address may be private: the origin of the tenant's Chatwoot, and `hosts` (`host` or `host:port`)."""

    origin: str
    hosts: Collection[str] = ()

    def has(self, url: URL) -> bool:
        """Whether an address is trusted."""
        if str(url.origin()) == str(URL(self.origin).origin()):
            return True
        return url.host in self.hosts or f"{url.host}:{url.port}" in self.hosts


class PublicResolver(ThreadedResolver):
    """Resolves names; one that leads inside, if only with one of its addresses, leads nowhere."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """As ThreadedResolver, raising PrivateAddress."""
        found = await super().resolve(host, port, family)
        if not all(public(one["host"]) for one in found):
            raise PrivateAddress("an address inside the network")
        return found


def guarded() -> aiohttp.ClientSession:
    """A session that connects to public addresses only (literal ones are checked before: they are not resolved)."""
    connector = aiohttp.TCPConnector(resolver=PublicResolver(), limit=64, ttl_dns_cache=10)
    return aiohttp.ClientSession(connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())


class Fetcher:
    """Fetches files. `inside` may connect anywhere, `outside` is `guarded()`."""

    def __init__(self, inside: aiohttp.ClientSession, outside: aiohttp.ClientSession) -> None:
        self._inside = inside
        self._outside = outside

    async def fetch(self, url: str, trusted: Trusted, *, most: int, until: float) -> Fetched:
        """A file of at most `most` bytes, tried again until it is ready or `until` (unix seconds).

        Raises:
            Unfetchable: refused, too large, or not there in time.
        """
        for pause in (*PAUSES, None):
            try:
                return await self._followed(url, trusted, most, until)
            except NotReady:
                if pause is None or time.time() + pause >= until:
                    break
                await asyncio.sleep(pause)
        raise Unfetchable("it was not available in time")

    async def _followed(self, url: str, trusted: Trusted, most: int, until: float) -> Fetched:
        at = _address(url)
        for _ in range(_REDIRECTS + 1):
            found = await self._asked(at, trusted, most, until)
            if isinstance(found, Fetched):
                return found
            at = _address(str(at.join(found)))
        raise Unfetchable("its address leads nowhere")

    async def _asked(self, url: URL, trusted: Trusted, most: int, until: float) -> Fetched | URL:
        session = self._inside if trusted.has(url) else self._outside
        if session is self._outside and _is_literal(url.host) and not public(url.host or ""):
            raise Unfetchable("its address is not allowed")
        left = until - time.time()
        if left <= 0:
            raise NotReady
        timeout = aiohttp.ClientTimeout(total=min(left, _ATTEMPT_SECONDS))
        try:
            async with session.get(url, headers=_HEADERS, timeout=timeout, allow_redirects=False) as answer:
                return await _read(answer, most)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddress):
                raise Unfetchable("its address is not allowed") from None
            raise NotReady from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise NotReady from None
        except ValueError:
            raise Unfetchable("its address is broken") from None


def _address(url: str) -> URL:
    try:
        at = URL(url)
    except ValueError:
        raise Unfetchable("its address is broken") from None
    if at.scheme not in ("http", "https") or not at.host or at.user is not None:
        raise Unfetchable("its address is not allowed")
    return at


def _is_literal(host: str | None) -> bool:
    try:
        ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return False
    return True


async def _read(answer: aiohttp.ClientResponse, most: int) -> Fetched | URL:
    if answer.status in (301, 302, 303, 307, 308):
        return URL(answer.headers.get("Location", ""))
    if answer.status in (401, 403, 404, 408, 425, 429) or answer.status >= 500:
        raise NotReady
    if answer.status != 200:
        raise Unfetchable("its address does not give it")
    if (answer.content_length or 0) > most:
        raise Unfetchable("it is too large")
    data = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        data += chunk
        if len(data) > most:
            raise Unfetchable("it is too large")
    return Fetched(bytes(data), answer.content_type)

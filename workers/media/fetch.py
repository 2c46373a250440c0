"""Fetching what a contact attached, from addresses that strangers can choose: never from inside the network.

Every address is checked where it is connected to, after its name was resolved, and so is each redirect. Only the
tenant's own Chatwoot, and hosts that an operator names, may lie at private addresses; nobody else may lead there.
"""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from yarl import URL

from chatwootai.attempts import attempts
from chatwootai.guarded_session import session
from chatwootai.net import Forbidden, is_redirect, judge, parse, redirected, same_origin
from workers.media.slots import AccountSlots

PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds after which an address is asked again: Chatwoot tells of a file before it is stored."""
_REDIRECTS: Final = 4
_CHUNK: Final = 1 << 16
_ATTEMPT_SECONDS: Final = 15.0
_SILENCE: Final = 4.0  # seconds without a byte
_GRACE: Final = 2.0  # seconds after which a file must come at the least pace
_LEAST_PACE: Final = 8192  # bytes a second
_AT_ONCE: Final = 32  # files that are fetched at once, for all accounts
_EACH: Final = 4  # and for one
_HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "ChatwootAI"}  # what is unpacked has no bound


class Unfetchable(Exception):
    """It will not be had; the message says why, in words that may stand before a crew."""


class NotReady(Exception):
    """It is not there now."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file's bytes, and what its server says it is."""

    data: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """Addresses that may be private: the origin of the tenant's Chatwoot, and `hosts` (`host` or `host:port`)."""

    origin: str
    hosts: Collection[str] = ()

    def has(self, url: URL) -> bool:
        """Tell whether an address is trusted."""
        if same_origin(url, parse(self.origin)):
            return True
        return url.raw_host in self.hosts or f"{url.raw_host}:{url.port}" in self.hosts


def guarded() -> aiohttp.ClientSession:
    """Return a session that connects to public addresses only (literal ones are checked before)."""
    return session(decompress=False)


class Fetcher:
    """Fetches files. `inside` may connect anywhere, `outside` is `guarded()`."""

    def __init__(self, inside: aiohttp.ClientSession, outside: aiohttp.ClientSession) -> None:
        self._inside = inside
        self._outside = outside
        self._slots = AccountSlots(_AT_ONCE, _EACH)

    async def fetch(self, url: str, trusted: Trusted, *, most: int, until: float, account: str = "") -> Fetched:
        """Return a file of at most `most` bytes, requested again until it is ready or `until` (unix seconds).

        An account waits for places of its own; between two tries it holds none.

        Raises:
            Unfetchable: refused, too large, or not there in time.
        """
        async for _ in attempts(PAUSES, until=until):
            try:
                async with asyncio.timeout(until - time.time()), self._slots.of(account):
                    return await self._follow(url, trusted, most, until)
            except Forbidden:
                raise Unfetchable("its address is not allowed") from None
            except TimeoutError:  # no slot in time
                break
            except NotReady:
                continue
        raise Unfetchable("it was not available in time")

    async def _follow(self, url: str, trusted: Trusted, most: int, until: float) -> Fetched:
        at = parse(url)
        inside = trusted.has(at)
        for _ in range(_REDIRECTS + 1):
            found = await self._request_once(at, most, until, inside=inside)
            if isinstance(found, Fetched):
                return found
            last, at = at, redirected(at, found)
            if last.scheme == "https" and at.scheme == "http" and not trusted.has(at):
                raise Forbidden("a redirect leaves https")
            inside = inside and trusted.has(at)  # from outside nobody leads back in
        raise Unfetchable("its address leads nowhere")

    async def _request_once(self, url: URL, most: int, until: float, *, inside: bool) -> Fetched | str:
        if not inside and _is_literal(url):
            judge("its host", [url.raw_host or ""], inside=False)
        left = until - time.time()
        if left <= 0:
            raise NotReady
        connection = self._inside if inside else self._outside
        timeout = aiohttp.ClientTimeout(total=min(left, _ATTEMPT_SECONDS), sock_read=_SILENCE)
        try:
            async with connection.get(url, headers=_HEADERS, timeout=timeout, allow_redirects=False) as answer:
                return await _read_file(answer, most)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise NotReady from None
        except ValueError:
            raise Unfetchable("its address is broken") from None


def _is_literal(url: URL) -> bool:
    return ":" in (url.raw_host or "") or (url.raw_host or "").replace(".", "").isdigit()


async def _read_file(answer: aiohttp.ClientResponse, most: int) -> Fetched | str:
    """Return the file, or the address that a redirect names."""
    if is_redirect(answer.status):
        return answer.headers.get("Location", "")
    if answer.status in (401, 403, 404, 408, 425, 429) or answer.status >= 500:
        raise NotReady
    if answer.status != 200:
        raise Unfetchable("its address does not give it")
    if (answer.content_length or 0) > most:
        raise Unfetchable("it is too large")
    data, began = bytearray(), time.monotonic()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        data += chunk
        seconds = time.monotonic() - began
        if seconds > _GRACE and len(data) < seconds * _LEAST_PACE:
            raise Unfetchable("it comes too slowly")
        if len(data) > most:
            raise Unfetchable("it is too large")
    return Fetched(bytes(data), answer.content_type)

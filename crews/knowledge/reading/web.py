"""Requests to one web site: its host alone, at a public address, one a second, within bounds, as robots.txt says."""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiohttp
from protego import Protego
from yarl import URL

from chatwootai import net
from chatwootai.guarded_session import session
from crews.knowledge.reading.reader import SourceFailed

AGENT: Final = "ChatwootAI-knowledge"
_NAMED: Final = f"{AGENT}/1 (reads help pages for customer service)"
_PAUSE: Final = 1.0
"""Seconds between two requests."""
_LONGEST_PAUSE: Final = 30.0
"""Of a crawl-delay or a Retry-After, what is waited for."""
_SECONDS: Final = 30.0
_MOST_BYTES: Final = 8 << 20
_REDIRECTS: Final = 5
_AGAIN: Final = frozenset({429, 503})


class PageUnavailable(Exception):
    """A page is not to be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """A server's answer. `body` is None where it has not changed. `url`: where it lay in the end.

    `charset`: the encoding that the server names, or empty.
    """

    url: URL
    body: bytes | None
    kind: str = ""
    mark: str = ""
    charset: str = ""


class Site:
    """One web site. `private`: hosts that may lie in a network of ours."""

    def __init__(self, start: str, private: Collection[str] = (), pause: float = _PAUSE) -> None:
        """Prepare reading; raises SourceFailed where the address is none that may be fetched."""
        self._private = private
        try:
            self.start = net.parse(start)
            net.allow(str(self.start), [self.start.raw_host or ""], private)
        except net.Forbidden as error:
            raise SourceFailed(f"{start[:200]}: {error}") from None
        self._session = session(private)
        self._pause = pause
        self._next = 0.0
        self._robots: Protego | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def read_robots(self) -> tuple[str, ...]:
        """Read robots.txt, and return the sitemaps that it names. None there: everything may be read.

        Raises:
            SourceFailed: the server does not answer, or is in trouble: then nothing may be read.
        """
        try:
            page = await self._fetch(self.start.origin() / "robots.txt", {})
            self._robots = Protego.parse((page.body or b"")[:500_000].decode("utf-8", "replace"))
        except PageUnavailable as error:
            if not str(error).startswith("the server answers 4"):
                raise SourceFailed(f"robots.txt cannot be read: {error}") from None
            self._robots = Protego.parse("")
        if delay := self._robots.crawl_delay(AGENT):
            self._pause = max(self._pause, min(float(delay), _LONGEST_PAUSE))
        return tuple(self._robots.sitemaps)

    def may(self, url: URL) -> bool:
        """Return whether a page is of this site, and robots.txt lets us read it."""
        allowed = self._robots is None or self._robots.can_fetch(str(url), AGENT)
        return allowed and net.same_origin(url, self.start)

    async def page(self, url: URL, mark: str = "") -> Page:
        """Fetch a page; with `mark`, of an earlier answer, only if it has changed.

        Raises:
            PageUnavailable: it is not to be had; the message says why.
        """
        name, _, value = mark.partition(":")
        return await self._fetch(url, {name: value} if value else {})

    async def _fetch(self, url: URL, headers: Mapping[str, str]) -> Page:
        for attempt in (1, 2):
            try:
                async with asyncio.timeout(_SECONDS):
                    return await self._fetch_following_redirects(url, headers)
            except _RetryLater as later:
                if attempt == 2:
                    raise PageUnavailable("the server asks to come back later") from None
                self._next = time.monotonic() + later.seconds
            except net.Forbidden as error:
                raise PageUnavailable(str(error)) from None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise PageUnavailable(f"the server does not answer ({type(error).__name__})") from None
        raise AssertionError

    async def _fetch_following_redirects(self, url: URL, headers: Mapping[str, str]) -> Page:
        for _ in range(_REDIRECTS):
            await self._wait()
            target = net.allow(str(url), [self.start.raw_host or ""], self._private)
            sent = {"User-Agent": _NAMED, "Accept": "text/html,application/xml;q=0.9,text/plain;q=0.8", **headers}
            async with self._session.get(target, headers=sent, allow_redirects=False) as response:
                if not net.is_redirect(response.status):
                    return await _page(url, response)
                url = net.redirected(target, response.headers.get("Location", ""))
            if not self.may(url):
                raise PageUnavailable("it leads to another site, or where robots.txt lets nobody in")
        raise PageUnavailable("it leads from one address to the next without end")

    async def _wait(self) -> None:
        left = self._next - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
        self._next = time.monotonic() + self._pause


class _RetryLater(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def _page(url: URL, response: aiohttp.ClientResponse) -> Page:
    if response.status == 304:
        return Page(url, None)
    if response.status in _AGAIN:
        said = response.headers.get("Retry-After", "")
        raise _RetryLater(min(float(said) if said.isdigit() else 5.0, _LONGEST_PAUSE / 2))
    if response.status != 200:
        raise PageUnavailable(f"the server answers {response.status}")
    body = await response.content.read(_MOST_BYTES + 1)
    while len(body) <= _MOST_BYTES and (more := await response.content.read(_MOST_BYTES + 1 - len(body))):
        body += more
    if len(body) > _MOST_BYTES:
        raise PageUnavailable("it is larger than 8 MiB")
    marks = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
    mark = next((f"{ask}:{value}" for ask, name in marks if (value := response.headers.get(name))), "")
    return Page(url, body, response.content_type, mark[:500], response.charset or "")

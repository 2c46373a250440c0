"""The pages of a web site: those of its sitemap, or else those that its links lead to."""

import asyncio
import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from yarl import URL

from config.settings.knowledge import Source
from crews.knowledge.passage import Document, Problem
from crews.knowledge.reading.document_formats import Unreadable, plain_text
from crews.knowledge.reading.document_process import read_page
from crews.knowledge.reading.reader import FoundDocument, Known, SourceFailed, digest
from crews.knowledge.reading.web import Page, PageUnavailable, Site

_SITEMAPS: Final = 50
_UNPACKED: Final = 50 << 20
_PLAIN: Final = frozenset({"text/plain", "text/markdown"})
_MARKUP: Final = frozenset({"text/html", "application/xhtml+xml"})
_NO_PAGE: Final = re.compile(
    r"\.(jpe?g|png|gif|webp|avif|svg|ico|css|m?js|json|xml|rss|zip|gz|mp[34]|webm|woff2?|ttf|exe|dmg|apk)$",
    re.IGNORECASE,
)


class SiteReader:
    """Reads a site; a document's id is its page's address. `private`: hosts that may lie in a network of ours."""

    def __init__(self, source: Source, private: Iterable[str] = (), pause: float = 1.0) -> None:
        """Prepare reading. `pause`: seconds between two requests."""
        self._source = source
        self._private = tuple(private)
        self._pause = pause

    async def documents(self, known: Known) -> AsyncIterator[FoundDocument | Problem]:
        """Yield a document or a problem for each page, at most `pages` of them.

        Raises:
            SourceFailed: the site does not answer, its robots.txt forbids all, or there is not one page.
        """
        async with Site(self._source.site or "", self._private, self._pause) as site:
            sitemaps = await site.read_robots()
            listed = await self._sitemap_pages(site, sitemaps) if self._source.sitemap else []
            waiting, by_links = deque(listed or [site.start]), not listed
            if not any(map(site.may, waiting)):
                raise SourceFailed("its robots.txt lets nobody read these pages")
            seen: set[URL] = set()
            read = 0
            while waiting and read < self._source.pages:
                url = waiting.popleft()
                if url in seen or not self._is_wanted(site, url, first=url == site.start):
                    continue
                seen.add(url)
                read += 1
                found, links = await self._page(site, url, known, by_links=by_links)
                if isinstance(found, Problem) and read == 1 and not waiting and by_links:
                    raise SourceFailed(f"{found.document}: {found.reason}")
                waiting.extend(each for each in links if each not in seen)
                if found is not None:
                    yield found

    def _is_wanted(self, site: Site, url: URL, *, first: bool) -> bool:
        path = url.path
        fits = first or not self._source.only or path.startswith(tuple(self._source.only))
        return fits and site.may(url) and not _NO_PAGE.search(path)

    async def _page(
        self, site: Site, url: URL, known: Known, *, by_links: bool
    ) -> tuple[FoundDocument | Problem | None, list[URL]]:
        """Return a page, and where its links lead.

        Without a sitemap each is fetched whole, since its links are needed.
        """
        name = str(url)
        before = known.get(name)
        try:
            page = await site.page(url, before.mark if before and not by_links else "")
            if page.body is None and before is not None:
                return FoundDocument(name, before.digest, None), []
            title, text, links = await _words(page)
        except (PageUnavailable, Unreadable) as error:
            return Problem(name, str(error)), []
        leads = [] if not by_links else list(_addresses(page.url, links))
        if page.url != url and not by_links and str(page.url) in known:
            return None, leads
        if self._source.only and not url.path.startswith(tuple(self._source.only)):
            return None, leads  # the start, read for its links alone
        mark = digest(title, text)
        same = before is not None and before.digest == mark
        document = None if same else Document(id=name, text=text, title=title, url=name, mark=page.mark)
        return FoundDocument(name, mark, document), leads

    async def _sitemap_pages(self, site: Site, named: tuple[str, ...]) -> list[URL]:
        """Return the pages that sitemaps list; none where there is none."""
        waiting = deque([*named[:_SITEMAPS], str(site.start.origin() / "sitemap.xml")])
        found: dict[URL, None] = {}
        seen: set[str] = set()
        while waiting and len(seen) < _SITEMAPS and len(found) < 4 * self._source.pages:
            address = waiting.popleft()
            url = _address(address)
            if address in seen or url is None or not site.may(url):
                continue
            seen.add(address)
            try:
                body = (await site.page(url)).body or b""
                kind, places = await asyncio.to_thread(_sitemap, body)
            except (PageUnavailable, Unreadable):
                continue
            if kind == "sitemapindex":
                waiting.extend(places)
            else:
                found.update((each, None) for place in places if (each := _address(place)))
        return [url for url in found if self._is_wanted(site, url, first=False)]


async def _words(page: Page) -> tuple[str, str, list[str]]:
    """Return title, text and links of a page; raises Unreadable."""
    body = page.body or b""
    if page.kind in _MARKUP:
        return await read_page(body, charset=page.charset)
    if page.kind in _PLAIN:
        return "", plain_text(body, page.charset), []
    if page.kind == "application/pdf":
        return await read_page(body, "pdf")
    raise Unreadable(f"pages of {page.kind or 'no kind'} are not read")


def _addresses(base: URL, links: Iterable[str]) -> Iterable[URL]:
    for link in links:
        try:
            url = base.join(URL(link))
        except ValueError:
            continue
        if url.scheme in ("http", "https"):
            yield url.with_fragment(None)


def _address(text: str) -> URL | None:
    try:
        parts = urlsplit(text.strip())
        return URL(text.strip()).with_fragment(None) if parts.hostname and parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def _sitemap(body: bytes) -> tuple[str, list[str]]:
    """Return the kind of a sitemap, and what it lists.

    Raises:
        Unreadable: it is none.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        if body.startswith(b"\x1f\x8b"):
            body = _unzip(body)
        root: Any = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, OSError, EOFError, zlib.error, ValueError):
        raise Unreadable("it is no sitemap") from None
    places = [each.text.strip() for each in root.iter() if each.tag.rpartition("}")[2] == "loc" and each.text]
    return root.tag.rpartition("}")[2], places


def _unzip(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
        found = file.read(_UNPACKED + 1)
    if len(found) > _UNPACKED:
        raise Unreadable("it is too large")
    return found

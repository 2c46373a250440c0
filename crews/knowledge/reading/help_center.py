"""Published articles of a help centre of the account's Chatwoot, read by its user token."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import aiohttp
import orjson

from config.settings.knowledge import Source
from config.snapshot import Account
from crews.knowledge.passage import Document, Problem
from crews.knowledge.reading.reader import FoundDocument, Known, SourceFailed, digest

_SECONDS: Final = 30
_MOST_BYTES: Final = 32 << 20
_PUBLISHED: Final = ("published", 1)
_EXPLAINED: Final = {
    401: "Chatwoot does not take the account's user_token: write a new one",
    403: "the account's user_token may not read help centres: it must be an administrator's or a teammate's who may",
    404: "there is no help centre of this name: write the portal as in its address",
}


class HelpCenterReader:
    """Reads a help centre; a document's id is the article's number."""

    def __init__(self, source: Source, account: Account) -> None:
        self._source = source
        self._account = account

    async def documents(self, known: Known) -> AsyncIterator[FoundDocument | Problem]:
        """Yield a document for each published article, at most `pages` of them.

        Raises:
            SourceFailed: Chatwoot does not answer, or refuses.
        """
        token = self._account.user_token
        if token is None:
            raise SourceFailed("a help centre is read by a user's token: write `user_token:` for the account")
        seen: set[str] = set()
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        headers = dict.fromkeys(
            ("Api-Access-Token", "api_access_token"), token.reveal()
        )  # proxies drop one or the other
        async with aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=False) as session:
            page = 1
            while len(seen) < self._source.pages:
                articles = await self._page(session, page)
                fresh = [each for each in articles if str(each.get("id")) not in seen]
                if not fresh:  # the end, or a Chatwoot that knows no pages
                    return
                seen |= {str(each.get("id")) for each in fresh}
                for each in fresh:
                    if found := self._article(each, known):
                        yield found
                page += 1

    async def _page(self, session: aiohttp.ClientSession, page: int) -> list[Mapping[str, Any]]:
        address = f"{self._account.installation.url}/api/v1/accounts/{self._account.id}/portals/{self._source.portal}"
        query = {"page": str(page), **({"locale": self._source.locale} if self._source.locale else {})}
        try:
            async with session.get(f"{address}/articles", params=query, allow_redirects=False) as response:
                if response.status != 200:
                    said = _EXPLAINED.get(response.status, f"Chatwoot answers {response.status}")
                    raise SourceFailed(said)
                payload = orjson.loads(await response.content.read(_MOST_BYTES))["payload"]
                return [each for each in payload if isinstance(each, dict)]
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise SourceFailed(f"Chatwoot does not answer ({type(error).__name__})") from None
        except (ValueError, KeyError, TypeError):
            raise SourceFailed("that is not Chatwoot's answer, but another server's before it") from None

    def _article(self, said: Mapping[str, Any], known: Known) -> FoundDocument | Problem | None:
        if said.get("status") not in _PUBLISHED:
            return None
        number, content = str(said.get("id")), said.get("content")
        if not isinstance(content, str) or not content.strip():
            return Problem(number, "this article has no words")
        title, slug = _text(said.get("title")), _text(said.get("slug"))
        url = f"{self._account.installation.url}/hc/{self._source.portal}/articles/{slug}" if slug else ""
        mark = digest(content, title, url)
        if number in known and known[number].digest == mark:
            return FoundDocument(number, mark, None)
        return FoundDocument(
            number, mark, Document(id=number, text=content, title=title, url=url or self._source.url or "")
        )


def _text(value: Any) -> str:
    return " ".join(value.split())[:300] if isinstance(value, str) else ""

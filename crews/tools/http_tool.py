"""An HTTP request as a tool: declared in YAML, filled in by a model, sent only where the guard lets it."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import aiohttp
from pydantic import PrivateAttr
from yarl import URL

from chatwootai.model.message.delivery import Contact
from chatwootai.model.policy import tool_words as words
from chatwootai.net import Forbidden, allow, is_redirect, redirected, same_origin
from config.settings.tools import HttpTool, Tools
from crews.run.as_data import projected
from crews.run.context import Run
from crews.run.tool_result import Answer, Fate
from crews.tools.outside_tool import OutsideTool
from crews.tools.url_template import Misfit, filled, filled_url

_REDIRECTS = 3
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_MAYBE_DONE = frozenset({408, 409, 425, 499})
_AGAIN = frozenset({429, 500, 502, 503, 504})
_PAUSE = 0.1  # seconds before a second try; there is little time


class HttpRequest(OutsideTool):
    """One declared request; shared by all runs, the contact comes from the current one."""

    kind: ClassVar[str] = "http"
    name: str
    description: str
    _said: HttpTool = PrivateAttr()
    _tools: Tools = PrivateAttr()
    _session: Callable[[], aiohttp.ClientSession] = PrivateAttr()

    def __init__(self, name: str, said: HttpTool, tools: Tools, session: Callable[[], aiohttp.ClientSession]) -> None:
        reads = said.only_reads
        repeatable = reads or said.method in _REPEATABLE or said.idempotency is not None
        super().__init__(name, said.description, said.schema_, repeatable=repeatable, reads=reads)
        self._said, self._tools, self._session = said, tools, session

    @property
    def personal(self) -> bool:
        """True if the request says who the contact is, or its response must."""
        return self._said.names_contact

    async def _ask(self, arguments: Mapping[str, Any], run: Run | None, until: float) -> Answer:
        question = run.question if run is not None else None
        contact = question.contact if question is not None else None
        if self._said.names_contact and (contact is None or not contact.verified):
            return Answer.error(words.NOT_VERIFIED, Fate.REFUSED)
        burst = run.calls.burst if run is not None and run.calls is not None else question.turn if question else ""
        try:
            async with asyncio.timeout(min(self._said.timeout_ms / 1000, until - time.time())):
                return await self._tried({**_identity(contact), **arguments}, burst)
        except TimeoutError:
            return Answer.error(words.LATE, Fate.UNKNOWN)
        except Misfit as misfit:
            return Answer.error(f"{words.WRONG_ARGUMENTS}: {misfit}", Fate.REFUSED, mend=True)
        except Forbidden as refused:
            return Answer.error(str(refused), Fate.REFUSED)
        except (aiohttp.ClientError, OSError) as error:  # its message may hold the address
            unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL)
            return Answer.error(f"{words.NOT_SENT} ({type(error).__name__})", Fate.UNSENT if unsent else Fate.UNKNOWN)

    async def _tried(self, values: Mapping[str, Any], burst: str) -> Answer:
        tries = self._said.tries if self.repeatable else 1
        for left in range(tries - 1, -1, -1):
            try:
                status, result = await self._sent(values, burst)
                if status not in _AGAIN or not left:
                    return Answer(result, _fate(status))
            except aiohttp.ClientError:
                if not left:
                    raise
            await asyncio.sleep(_PAUSE)
        raise AssertionError("unreachable")

    async def _sent(self, values: Mapping[str, Any], burst: str) -> tuple[int, Any]:
        said = self._said
        url = filled_url(said, values)
        headers = {name: value.reveal() for name, value in said.headers.items()}
        body = filled(said.body, values) if said.body is not None else None
        if said.idempotency:
            headers[said.idempotency] = _key(self.name, burst, url, body)
        for _ in range(_REDIRECTS + 1):
            host = allow(url, self._tools.hosts, self._tools.private_hosts).raw_host or ""
            target = URL(url, encoded=True).with_host(host)  # values stay quoted as they are
            async with self._session().request(
                said.method, target, headers=headers, json=body, allow_redirects=False
            ) as response:
                location = response.headers.get("Location") if is_redirect(response.status) else None
                if location is None:
                    return response.status, await self._read(response)
                url = _followed(said, target, location)
        raise Forbidden("too many redirects")

    async def _read(self, response: aiohttp.ClientResponse) -> Any:
        kept = bytearray()
        async for chunk in response.content.iter_chunked(16_384):
            kept += chunk
            if len(kept) > self._said.max_bytes:
                return {"status": response.status, "error": f"the answer is longer than {self._said.max_bytes} bytes"}
        try:
            value: Any = json.loads(kept) if kept else None
        except (ValueError, RecursionError):
            value = kept.decode("utf-8", "replace")
        if response.status >= 400:
            return {"status": response.status, "error": value}
        return projected(value, self._said.result)


def _fate(status: int) -> Fate:
    """What a status says of a request: 4xx are refusals, except those that tell of one like it, or of a late end."""
    if status < 400:
        return Fate.DONE
    return Fate.REFUSED if status < 500 and status not in _MAYBE_DONE else Fate.UNKNOWN


def _followed(said: HttpTool, url: URL, location: str) -> str:
    """Where a redirect leads, if it may: only reading follows, and never to another origin."""
    if said.method != "GET":
        raise Forbidden("a request that changes something is not redirected")
    found = redirected(url, location)
    if not same_origin(found, url):
        raise Forbidden("a redirect leads to another host, port or scheme")
    return str(found)


def _identity(contact: Contact | None) -> dict[str, Any]:
    names = ("id", "name", "phone", "email", "identifier")
    return {f"contact.{name}": getattr(contact, name) for name in names} if contact is not None else {}


def _key(name: str, burst: str, url: str, body: Any) -> str:
    """A key that is the same for the same request in every try of the same burst."""
    said = json.dumps([name, burst, url, body], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:32]

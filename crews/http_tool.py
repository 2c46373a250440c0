"""An HTTP request as a tool: declared in YAML, filled in by a model, sent only where the guard lets it."""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urljoin

import aiohttp
from crewai.tools.base_tool import BaseTool
from crewai.utilities.pydantic_schema_utils import create_model_from_schema
from pydantic import PrivateAttr
from yarl import URL

from chatwootai.model.delivery import Contact
from config.tools import HttpTool, Tools, host_of
from crews.as_data import as_data, projected
from crews.guard import Forbidden, allowed
from crews.run import current

_REDIRECTS = 3
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_AGAIN = frozenset({429, 500, 502, 503, 504})
_PAUSE = 0.1  # seconds before a second try; there is little time
_WHOLE = re.compile(r"^\{([A-Za-z_][A-Za-z0-9_.]*)\}$")
_PART = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_UNVERIFIED = {"error": "the contact's identity is not verified, so this cannot be looked up here"}


class HttpRequest(BaseTool):
    """One declared request; shared by all runs, the contact comes from the current one."""

    name: str
    description: str
    _said: HttpTool = PrivateAttr()
    _tools: Tools = PrivateAttr()
    _session: Callable[[], aiohttp.ClientSession] = PrivateAttr()

    def __init__(self, name: str, said: HttpTool, tools: Tools, session: Callable[[], aiohttp.ClientSession]) -> None:
        schema = create_model_from_schema(said.schema_, model_name=f"{name}_arguments")
        super().__init__(name=name, description=said.description, args_schema=schema)
        self._said, self._tools, self._session = said, tools, session

    def _run(self, **_: Any) -> Any:
        raise NotImplementedError("this tool answers asynchronously only")

    async def _arun(self, **arguments: Any) -> str:
        run = current.get()
        contact = run.question.contact if run is not None and run.question is not None else None
        if self._said.personal and (contact is None or not contact.verified):
            return as_data(self.name, _UNVERIFIED)
        left = run.deadline - time.time() if run is not None else 60.0
        values = {**_identity(contact), **{key: value for key, value in arguments.items() if value is not None}}
        turn = run.question.turn if run is not None and run.question is not None else ""
        try:
            async with asyncio.timeout(min(self._said.timeout_ms / 1000, left)):
                result = await self._tried(values, turn)
        except TimeoutError:
            result = {"error": "no answer in time"}
        except Forbidden as refused:
            result = {"error": str(refused)}
        except (aiohttp.ClientError, OSError) as error:  # its message may hold the address
            result = {"error": f"the request failed ({type(error).__name__})"}
        return as_data(self.name, result)

    async def _tried(self, values: Mapping[str, Any], turn: str) -> Any:
        said = self._said
        tries = said.tries if said.method in _REPEATABLE or said.idempotency else 1
        for left in range(tries - 1, -1, -1):
            try:
                status, result = await self._sent(values, turn)
                if status not in _AGAIN or not left:
                    return result
            except aiohttp.ClientError:
                if not left:
                    raise
            await asyncio.sleep(_PAUSE)
        raise AssertionError("unreachable")

    async def _sent(self, values: Mapping[str, Any], turn: str) -> tuple[int, Any]:
        said = self._said
        url = _url(said, values)
        headers = {name: value.reveal() for name, value in said.headers.items()}
        body = filled(said.body, values) if said.body is not None else None
        if said.idempotency:
            headers[said.idempotency] = _key(self.name, turn, url, body)
        for _ in range(_REDIRECTS + 1):
            allowed(url, self._tools.hosts, self._tools.private_hosts)
            async with self._session().request(
                said.method, URL(url, encoded=True), headers=headers, json=body, allow_redirects=False
            ) as response:
                target = response.headers.get("Location") if 300 <= response.status < 400 else None
                if target is None:
                    return response.status, await self._read(response)
                url = _redirected(said, url, target)
        raise Forbidden("too many redirects")

    async def _read(self, response: aiohttp.ClientResponse) -> Any:
        kept = bytearray()
        async for chunk in response.content.iter_chunked(16_384):
            kept += chunk
            if len(kept) > self._said.max_bytes:
                return {"status": response.status, "error": f"the answer is longer than {self._said.max_bytes} bytes"}
        try:
            value: Any = json.loads(kept) if kept else None
        except ValueError:
            value = kept.decode("utf-8", "replace")
        if response.status >= 400:
            return {"status": response.status, "error": value}
        return projected(value, self._said.result)


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A body with its placeholders filled once: `"{count}"` alone keeps the value's type, a missing one is left out."""
    if isinstance(template, Mapping):
        done = {key: filled(each, values) for key, each in template.items()}
        return {key: each for key, each in done.items() if each is not None}
    if isinstance(template, list | tuple):
        return [filled(each, values) for each in template]
    if not isinstance(template, str):
        return template
    whole = _WHOLE.match(template)
    return values.get(whole[1]) if whole else _PART.sub(lambda found: str(values.get(found[1], "")), template)


def _url(said: HttpTool, values: Mapping[str, Any]) -> str:
    """The address, every value quoted whole, so that none can add a path, a query or another host."""

    def put(found: re.Match[str]) -> str:
        text = quote(str(values.get(found[1], "")), safe="")
        return {".": "%2E", "..": "%2E%2E"}.get(text, text)

    pairs = [(key, filled(each, values)) for key, each in said.query.items()]
    query = "&".join(f"{quote(key, safe='')}={quote(str(each), safe='')}" for key, each in pairs if each is not None)
    url = _PART.sub(put, said.url)
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _redirected(said: HttpTool, url: str, target: str) -> str:
    """Where a redirect leads, if it may: only reading follows, never to plain HTTP, never to another host."""
    found = urljoin(url, target)
    if said.method != "GET":
        raise Forbidden("a request that changes something is not redirected")
    if url.startswith("https:") and not found.startswith("https:"):
        raise Forbidden("a redirect leaves https")
    if host_of(found) != host_of(url) and said.headers:
        raise Forbidden("a redirect leads to another host")  # which must not see our headers
    return found


def _identity(contact: Contact | None) -> dict[str, Any]:
    names = ("id", "name", "phone", "email", "identifier")
    return {f"contact.{name}": getattr(contact, name) for name in names} if contact is not None else {}


def _key(name: str, turn: str, url: str, body: Any) -> str:
    said = json.dumps([name, turn, url, body], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:32]

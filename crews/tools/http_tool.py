"""An HTTP request as a tool: declared in YAML, filled in by a model, sent only where the guard lets it."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any, ClassVar

import aiohttp
from pydantic import PrivateAttr
from yarl import URL

from chatwootai.attempts import attempts
from chatwootai.model.message.delivery import Contact
from chatwootai.model.policy import tool_words as words
from chatwootai.net import Forbidden, allow, is_redirect, redirected, same_origin
from config.settings.tools import HttpTool, Tools
from crews.run_state.context import RunContext
from crews.run_state.result_text import project
from crews.run_state.tool_result import Fate, ToolAnswer
from crews.tools.bounds import TooLong, check
from crews.tools.outside_tool import OutsideTool
from crews.tools.own_words import refuse_not_written
from crews.tools.ownership import contact_values, of_contact
from crews.tools.url_template import InvalidArgument, fill, fill_url

_REDIRECTS = 3
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_MAYBE_DONE = frozenset({408, 409, 425, 499})
_AGAIN = frozenset({429, 500, 502, 503, 504})
_PAUSE = 0.1  # seconds before a second try; there is little time


class _Failure(dict[str, Any]):
    """Text that a model is told instead of a response: its `status` and the `error`."""


class HttpRequest(OutsideTool):
    """One declared request; shared by all runs, the contact comes from the current one."""

    kind: ClassVar[str] = "http"
    name: str
    description: str
    _declared: HttpTool = PrivateAttr()
    _tools: Tools = PrivateAttr()
    _session: Callable[[], aiohttp.ClientSession] = PrivateAttr()

    def __init__(self, name: str, said: HttpTool, tools: Tools, session: Callable[[], aiohttp.ClientSession]) -> None:
        reads = said.only_reads
        repeatable = reads or said.method in _REPEATABLE or said.idempotency is not None
        super().__init__(name, said.description, said.schema_, repeatable=repeatable, reads=reads)
        self._declared, self._tools, self._session = said, tools, session

    def refusal(self, contact: Contact | None) -> str | None:
        """Return why it is not called for a contact; None: it is."""
        if not self._declared.names_contact:
            return None
        if contact is None or not contact.verified:
            return words.NOT_VERIFIED
        known = contact_values(contact)
        missing = any(not known[name] for name in self._declared.needs)
        missing |= bool(self._declared.own) and not any(known[name] for name in self._declared.own.values())
        return words.NOT_ON_FILE if missing else None

    async def _ask(self, arguments: Mapping[str, Any], run: RunContext | None, until: float) -> ToolAnswer:
        question = run.question if run is not None else None
        contact = question.origin.contact if question is not None else None
        foreign = refuse_not_written(arguments, self._declared.from_contact, question)
        if (why := self.refusal(contact) or foreign) is not None:
            return ToolAnswer.error(why, Fate.REFUSED)
        burst = run.calls.burst if run is not None and run.calls is not None else question.turn if question else ""
        try:
            async with asyncio.timeout(min(self._declared.timeout_ms / 1000, until - time.time())):
                answer = await self._send_with_retries({**contact_values(contact), **arguments}, burst)
                return self._own_parts(answer, contact)
        except TimeoutError:
            return ToolAnswer.error(words.LATE, Fate.UNKNOWN)
        except InvalidArgument as misfit:
            return ToolAnswer.error(f"{words.WRONG_ARGUMENTS}: {misfit}", Fate.REFUSED, mend=True)
        except Forbidden as refused:
            return ToolAnswer({"error": f"{words.NOT_SENT} ({refused})"}, Fate.REFUSED, theirs=True)
        except (aiohttp.ClientError, OSError) as error:  # its message may hold the address
            unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL)
            return ToolAnswer.error(
                f"{words.NOT_SENT} ({type(error).__name__})", Fate.UNSENT if unsent else Fate.UNKNOWN
            )

    def _own_parts(self, answer: ToolAnswer, contact: Contact | None) -> ToolAnswer:
        """Return the answer as a model is shown it: the contact's own alone, and of that the parts that are wanted."""
        if answer.fate is not Fate.DONE or isinstance(answer.value, _Failure):
            return answer
        value = answer.value
        if self._declared.own and contact is not None:
            value = of_contact(value, self._declared.own, contact)
            if value is None:
                return ToolAnswer.error(words.NOT_THEIRS, Fate.REFUSED)
        return replace(answer, value=project(value, self._declared.result))

    async def _send_with_retries(self, values: Mapping[str, Any], burst: str) -> ToolAnswer:
        tries = self._declared.tries if self.repeatable else 1
        async for number in attempts(repeat(_PAUSE, tries - 1)):
            try:
                status, result = await self._send(values, burst)
                if status not in _AGAIN or number == tries:
                    return ToolAnswer(result, fate := _fate_of_status(status), theirs=fate is Fate.REFUSED)
            except aiohttp.ClientError:
                if number == tries:
                    raise
        raise AssertionError("unreachable")

    async def _send(self, values: Mapping[str, Any], burst: str) -> tuple[int, Any]:
        said = self._declared
        url = fill_url(said, values)
        headers = {name: value.reveal() for name, value in said.headers.items()}
        body = fill(said.body, values) if said.body is not None else None
        if said.idempotency:
            headers[said.idempotency] = _idempotency_key(self.name, burst, url, body)
        for _ in range(_REDIRECTS + 1):
            host = allow(url, self._tools.hosts, self._tools.private_hosts).raw_host or ""
            target = URL(url, encoded=True).with_host(host)  # values stay quoted as they are
            async with self._session().request(
                said.method, target, headers=headers, json=body, allow_redirects=False
            ) as response:
                location = response.headers.get("Location") if is_redirect(response.status) else None
                if location is None:
                    return response.status, await self._read_result(response)
                url = _redirect_target(said, target, location)
        raise Forbidden("too many redirects")

    async def _read_result(self, response: aiohttp.ClientResponse) -> Any:
        kept = bytearray()
        async for chunk in response.content.iter_chunked(16_384):
            kept += chunk
            if len(kept) > self._declared.max_bytes:
                too_long = f"the answer is longer than {self._declared.max_bytes} bytes"
                return _Failure(status=response.status, error=too_long)
        if b"\x00" in kept or (not kept and response.headers.get("Content-Encoding", "identity") != "identity"):
            return _Failure(status=response.status, error="the answer is no text")
        text = _decoded(kept, response.charset)
        try:
            check(kept)
            value: Any = json.loads(text) if text else None
        except TooLong as error:
            return _Failure(status=response.status, error=str(error))
        except (ValueError, RecursionError):
            value = text
        if response.status >= 400:
            return _Failure(status=response.status, error=value)
        return value


def _decoded(data: bytearray, charset: str | None) -> str:
    """Return a body as text: as it says, as UTF-8, or as the older servers write that say nothing."""
    for encoding in (charset or "utf-8", "utf-8-sig"):
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def _fate_of_status(status: int) -> Fate:
    """Return what a status says of a request.

    4xx are refusals, except those that tell of one like it, or of a late end.
    """
    if status < 400:
        return Fate.DONE
    return Fate.REFUSED if status < 500 and status not in _MAYBE_DONE else Fate.UNKNOWN


def _redirect_target(said: HttpTool, url: URL, location: str) -> str:
    """Return where a redirect leads, if it may: only reading follows, and never to another origin."""
    if said.method != "GET":
        raise Forbidden("a request that changes something is not redirected")
    found = redirected(url, location)
    if not same_origin(found, url):
        raise Forbidden("a redirect leads to another host, port or scheme")
    return str(found)


def _idempotency_key(name: str, burst: str, url: str, body: Any) -> str:
    """Return a key that is the same for the same request in every try of the same burst."""
    said = json.dumps([name, burst, url, body], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:32]

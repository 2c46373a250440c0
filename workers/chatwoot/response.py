"""Responses of Chatwoot, or of a server before it: read within bounds, and without secrets."""

import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
import orjson
from yarl import URL

from workers.chatwoot.access_token import Token
from workers.chatwoot.own_error import own_error

BODY_LIMIT: Final = 16 * 1024 * 1024  # a hundred mails with all their HTML
_LONGEST_WAIT: Final = 300.0
_EXCERPT: Final = 200
_SECONDS: Final = re.compile(r"\s*\+?(\d+(?:\.\d+)?)\s?(?:s|secs?|seconds?)?(?:\s*,.*)?\s*", re.ASCII | re.IGNORECASE)
_ISO: Final = re.compile(r"\s*\d{4}-\d\d-\d\d")
_BOM: Final = b"\xef\xbb\xbf"
_TOO_MANY: Final = "too many messages"  # Chatwoot's own limit a conversation and minute comes as 422


@dataclass(frozen=True, slots=True)
class Response:
    """The result of one attempt. `status` 0: no response, `fault` says why; `body` None: not JSON, or too long.

    `kind`: its content type, without parameters; `own`: an error that Chatwoot itself reports, and not who stands
    before it.
    """

    status: int
    body: object = None
    excerpt: str = ""
    retry_after: float | None = None
    fault: str = ""
    sent: bool = True
    kind: str = ""
    own: bool = False

    @property
    def good(self) -> bool:
        """Tell whether the operation was done."""
        return 200 <= self.status < 300

    @property
    def limited(self) -> bool:
        """Tell whether the conversation has had its messages for this minute."""
        return self.status == 422 and _TOO_MANY in self.excerpt.lower()


async def read_response(response: aiohttp.ClientResponse, token: Token) -> Response:
    """Read a response whole, up to BODY_LIMIT. Never raises for what stands in it."""
    status, kind = response.status, _content_type(response)
    wait = retry_after(response.headers.get("Retry-After", ""), time.time())
    if 300 <= status < 400:
        return Response(status, excerpt=_origin(response.headers.get("Location", "")), kind=kind)
    raw = await _read_bounded(response)
    if raw is None:
        return Response(status, fault="too long an answer", retry_after=wait, kind=kind)
    raw = raw.removeprefix(_BOM)
    try:
        body = orjson.loads(raw) if raw.strip() else None
    except orjson.JSONDecodeError:
        # A proxy's page, or a captive portal's. Some of Chatwoot's own empty answers are not JSON either.
        fault = "not JSON" if 200 <= status < 300 else ""
        return Response(status, fault=fault, retry_after=wait, kind=kind)
    said = own_error(status, kind, body) if status >= 400 else None
    shown = token.masked(_one_line(said or ""))
    return Response(status, body, shown, wait, kind=kind, own=said is not None)


def _content_type(response: aiohttp.ClientResponse) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()[:60]


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes | None:
    raw = bytearray()
    async for piece in response.content.iter_chunked(64 * 1024):
        raw += piece
        if len(raw) > BODY_LIMIT:
            response.close()
            return None
    return bytes(raw)


def _one_line(said: str) -> str:
    """Shorten what Chatwoot says to one line."""
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]+", " ", said)[:_EXCERPT]


def _origin(location: str) -> str:
    """Return the origin that a redirect points to, without path and query: they may hold secrets."""
    try:
        return str(URL(location).origin())
    except ValueError:
        return "another path"


def retry_after(value: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as seconds or as a date; at most five minutes."""
    try:
        number = _SECONDS.fullmatch(value[:400])
        seconds = float(number[1]) if number else _until(value, now)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else _LONGEST_WAIT


def _until(value: str, now: float) -> float:
    at = datetime.fromisoformat(value.strip()) if _ISO.match(value) else parsedate_to_datetime(value)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now

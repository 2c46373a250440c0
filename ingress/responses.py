"""Responses of docs/reference/http.md as aiohttp sends them, each counted where it is refused."""

import time
from email.utils import formatdate
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from chatwootai.telemetry import metrics

JSON: Final = "application/json"


class PrebuiltResponse(web.StreamResponse):
    """A 200 whose bytes are ready: one object for all requests of HTTP/1.1 that keep their connection.

    It has no state of a request, and nothing may change its headers.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body
        self._second = 0
        self._bytes = b""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Send all of it."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the connection was closed before its answer")
        transport.write(self._whole())
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: it has been sent."""

    @property
    def keep_alive(self) -> bool:
        """Return True: the connection stays open."""
        return True

    def _whole(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second = second
            date, length = formatdate(second, usegmt=True), len(self.body)
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\nDate: {date}\r\n\r\n"
            self._bytes = head.encode() + self.body
        return self._bytes


def adapt_to_request(
    answer: web.StreamResponse, request: web.BaseRequest, *, close: bool = False
) -> web.StreamResponse:
    """Return the answer as this request can take it; `close`: with its connection closed behind it."""
    if not close and (
        not isinstance(answer, PrebuiltResponse) or (request.keep_alive and request.version == HttpVersion11)
    ):
        return answer
    fitted = web.Response(body=answer.body, content_type=JSON) if isinstance(answer, PrebuiltResponse) else answer
    if close:
        fitted.force_close()
    return fitted


def refusal(status: int, cause: str, message: str, *, close: bool = False) -> web.Response:
    """Anything else, counted by its cause."""
    metrics.DELIVERIES.labels("failed" if status >= 500 else "refused", cause).inc()
    response = web.json_response({"error": message}, status=status)
    if close:  # what still comes on this connection belongs to a request that is over
        response.force_close()
    return response


def retry_later(seconds: int, cause: str) -> web.Response:
    """429: to be sent again."""
    response = refusal(429, cause, "too many messages for this account: try again later")
    response.headers["Retry-After"] = str(seconds)
    return response

"""Errors as OpenAI words them."""

from collections.abc import Mapping

import orjson
from aiohttp import web


class Refused(Exception):
    """A request that gets an error: `status`, and OpenAI's `type`, `code` and `param`."""

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "invalid_request_error",
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self._body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
        self._headers = dict(headers or {})

    def response(self) -> web.Response:
        """Return the error as a response."""
        return web.Response(
            status=self.status,
            body=orjson.dumps(self._body),
            content_type="application/json",
            headers=self._headers,
        )


def invalid(message: str, param: str | None = None) -> Refused:
    """Return the answer to a request that makes no sense."""
    return Refused(400, message, param=param)


def unauthorised(given: bool) -> Refused:
    """Return the answer to a key that is wrong, or missing."""
    message = "Incorrect API key provided." if given else "You didn't provide an API key."
    return Refused(401, message, code="invalid_api_key" if given else None)


def rate_limited(what: str, seconds: float, headers: Mapping[str, str] | None = None) -> Refused:
    """Return the answer to a caller over its rate of `what` ("requests" or "tokens"): come again in `seconds`."""
    after = {"retry-after": f"{max(1, round(seconds))}", "retry-after-ms": f"{round(seconds * 1000)}"}
    message = f"Rate limit reached on {what} per min. Please try again in {seconds:.3f}s."
    return Refused(429, message, what, code="rate_limit_exceeded", headers={**(headers or {}), **after})


def server_error(status: int) -> Refused:
    """Return a fault of the server's own."""
    return Refused(status, "The server had an error while processing your request. Sorry about that!", "server_error")

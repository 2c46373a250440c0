"""Reason of a session's end, in a sentence for an operator: masked, and without what a server may have quoted. Pure."""

from collections.abc import Iterator
from typing import Final

import aiohttp
import httpx
from mcp import McpError
from mcp.types import CONNECTION_CLOSED

from chatwootai.net import Forbidden
from chatwootai.telemetry import mask
from crews.tools.bounds import TooLong
from crews.tools.mcp.errors import ServerUnavailable

_SAID: Final = {
    401: "it refuses our credentials (401): look at the server's `headers`",
    403: "it forbids this (403): look at the server's `headers`",
    404: "there is no such server at its address (404), or it knows our session no longer",
    405: "it takes no requests at its address (405)",
    429: "it is asked too often (429)",
}
CLOSED: Final = "it closed the connection, or its program ended"
_SESSION_GONE: Final = (32600, "Session terminated")  # how the mcp package tells of a 404
_REFUSALS: Final = range(400, 500)
_TOO_LATE: Final = frozenset({408, 499})  # it may have begun


def describe_error(error: BaseException) -> str:
    """Return the sentence."""
    causes = list(_causes(error))
    return mask.text(next(filter(None, map(_sentence, causes)), type(causes[-1]).__name__))


def was_not_sent(error: BaseException) -> bool:
    """Tell whether a call that this ended was surely not made.

    It was refused before, or nothing has reached the server.
    """
    return all(map(_was_refused, _causes(error)))


def session_gone(error: McpError) -> bool:
    """Tell whether a server that was restarted says that it does not know our session."""
    return (error.error.code, error.error.message) == _SESSION_GONE


def connection_gone(error: McpError) -> bool:
    """Tell whether the session ended before the answer came."""
    return error.error.code == CONNECTION_CLOSED


def _causes(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    else:
        yield error


def _was_refused(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return status in _REFUSALS and status not in _TOO_LATE
    if isinstance(error, McpError):
        return session_gone(error)
    return isinstance(error, ServerUnavailable | Forbidden) or isinstance(error.__cause__, aiohttp.ClientConnectorError)


def _sentence(error: BaseException) -> str:
    said = ""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        said = _SAID.get(status) or f"it answers {status}"
    elif isinstance(error, McpError):
        said = _refusal(error)
    elif isinstance(error, ServerUnavailable | Forbidden | TooLong):
        said = str(error)
    elif isinstance(error.__cause__, aiohttp.ServerDisconnectedError):
        said = CLOSED
    elif isinstance(error.__cause__, aiohttp.ClientConnectorError):
        said = "nothing listens at its address, or its name is not known"
    elif isinstance(error, ValueError):
        said = "what it answers is no answer of the protocol"
    return said


def _refusal(error: McpError) -> str:
    if connection_gone(error):
        return CLOSED
    return _SAID[404] if session_gone(error) else f"it refuses the session (code {error.error.code})"

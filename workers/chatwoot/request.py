"""One HTTP request to Chatwoot, for turns and for administration alike: every fault is a value."""

import math
import time

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload
from yarl import URL

from workers.chatwoot.access_token import Token
from workers.chatwoot.response import Response, read_response


class RequestBody(BytesPayload):
    """A request's body that knows whether any of it was sent: before that, nothing can have been stored.

    It is not sent past `begin_by` (unix seconds): who slept until then may no longer have the right to.
    """

    sent = False
    begin_by = math.inf

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send it.

        Raises:
            OSError: it is past `begin_by`.
        """
        self._begin()
        await super().write(writer)

    def _begin(self) -> None:
        if time.time() > self.begin_by:
            raise OSError("too late to begin")
        self.sent = True

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Send it, as `write` does."""
        self._begin()
        await super().write_with_length(writer, content_length)


async def send_once(
    session: aiohttp.ClientSession,
    method: str,
    url: URL | str,
    token: Token,
    data: RequestBody | None,
    *,
    seconds: float,
    connect: float | None = None,
    dashed: bool = False,
) -> Response:
    """Make one request and return its response; a fault is a value too, so that no error keeps its headers.

    Args:
        session: what sends it.
        method: of HTTP.
        url: where to.
        token: what authenticates it.
        data: its body, JSON; None: it has none.
        seconds: until there must be a whole response.
        connect: seconds until there must be a connection; None: only the whole is bounded.
        dashed: send the token under the name with hyphens alone.
    """
    try:
        async with session.request(
            method, url, data=data, headers=token.headers(dashed=dashed) | {"Accept": "application/json"},
            allow_redirects=False,  # a redirect would carry the token to whoever is named in it
            timeout=aiohttp.ClientTimeout(total=seconds, connect=connect),
        ) as response:  # fmt: skip
            return await read_response(response, token)
    except aiohttp.ClientConnectorError:
        return Response(0, fault="unreachable", sent=False)
    except TimeoutError as error:
        early = isinstance(error, aiohttp.ConnectionTimeoutError)
        return Response(0, fault="timeout", sent=not early and (data is None or data.sent))
    except (aiohttp.ClientError, OSError, ValueError):
        return Response(0, fault="broken", sent=data is None or data.sent)

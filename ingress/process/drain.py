"""The time between SIGTERM and the closed socket: not ready, and yet accepting.

A balancer goes on sending until its next probe has failed, and over the connections that it holds open. During the
drain /readyz answers 503, so that it chooses another door; each answer carries `Connection: close`, so that it does not
use this door's connections again.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from chatwootai.telemetry import log
from chatwootai.telemetry.http import Check, Status

_log = log.get("ingress.process.drain")


class Drain:
    """The drain of one door. `begun`: it has been told to stop, and every answer closes its connection."""

    def __init__(self) -> None:
        self.begun = False
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()

    def request_stop(self) -> None:
        """Take note of SIGTERM or SIGINT. The second one ends the drain."""
        if self._stop.is_set():
            self._at_once.set()
        self._stop.set()

    async def wait(self, seconds: float) -> None:
        """Return `seconds` after the first request to stop, or at the second one."""
        await self._stop.wait()
        self.begun = True
        _log.info("draining", seconds=seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._at_once.wait()

    async def check(self) -> Check:
        """Return UNAVAILABLE once the drain has begun, for /readyz."""
        return Check(Status.UNAVAILABLE, {"error": "stopping"}) if self.begun else Check(Status.OK)

    @web.middleware
    async def closing(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Close the connection behind an answer that the drain gives. For aiohttp's application."""
        response = await handler(request)
        if self.begun:
            response.force_close()
        return response

"""The door's connections: how many there may be, and how long each may take to say what it wants.

A connection costs a stranger nothing and the door a descriptor. Without a bound, idle ones use up all of them, and
then nobody is heard, not even the orchestrator's probe. So where the bound is reached, the connection that has waited
longest without a whole request makes room for a new one; and whoever has sent no whole head in time is closed.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from chatwootai.telemetry import log, metrics

HEAD_SECONDS: Final = 10.0
"""From a connection, or the first byte of a further request on it, to the end of that request's head."""
_BACKLOG: Final = 2048
_SWEEP_SECONDS: Final = 1.0
_late = metrics.CONNECTIONS_CLOSED.labels("late")
_full = metrics.CONNECTIONS_CLOSED.labels("full")
_log = log.get("ingress.connections")


class Connections:
    """All connections of one door. `most`: how many there may be at once."""

    def __init__(self, most: int, head_seconds: float = HEAD_SECONDS) -> None:
        self._most = most
        self._head_seconds = head_seconds
        self._open: OrderedDict[Connection, None] = OrderedDict()
        # Whose head is awaited, and since when: the oldest first.
        self._heads: OrderedDict[Connection, float] = OrderedDict()

    def add(self, connection: "Connection") -> None:
        """Take a new one in; where there are too many, another makes room."""
        if len(self._open) >= self._most and (least := self._first_to_close()) is not None:
            _full.inc()
            least.force_close()
            self.remove(least)
        self._open[connection] = None
        self._heads[connection] = time.monotonic()

    def _first_to_close(self) -> "Connection | None":
        """Return the connection to close first: longest without a whole head, or else idle between two requests."""
        awaited = next(iter(self._heads), None)
        return awaited or next((each for each in self._open if each.idle), None)

    def remove(self, connection: "Connection") -> None:
        """Forget one that is closed."""
        self._open.pop(connection, None)
        self._heads.pop(connection, None)

    def note_bytes(self, connection: "Connection") -> None:
        """Take note that bytes came."""
        if connection.idle:
            self._heads.setdefault(connection, time.monotonic())
        else:
            self._heads.pop(connection, None)

    async def watch(self) -> None:
        """Close whoever sends no head in time, for ever."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.close_late(time.monotonic() - self._head_seconds)

    def close_late(self, before: float) -> None:
        """Close those whose head has been awaited since before then (`time.monotonic()`)."""
        count = 0
        while self._heads:
            connection, since = next(iter(self._heads.items()))
            if since > before:
                break
            connection.force_close()
            self.remove(connection)
            count += 1
        if count:
            _late.inc(count)
            _log.info("connections_closed", cause="late", count=count, open=len(self._open))


class Connection(RequestHandler):
    """aiohttp's handler of one connection, which tells `connections` what becomes of it."""

    def __init__(self, connections: Connections, server: web.Server, **settings: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **settings)
        self._connections = connections

    @property
    def idle(self) -> bool:
        """True if no request is being served or waits to be, whole or not yet."""
        return self._current_request is None and not self._messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio.Protocol."""
        self._connections.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        self._connections.note_bytes(self)


class Site(web.TCPSite):
    """The listening socket: aiohttp's own site, with our connections."""

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, connections: Connections, settings: Mapping[str, Any]
    ) -> None:
        super().__init__(runner, host, port, backlog=_BACKLOG)
        self._connections = connections
        self._settings = settings

    async def start(self) -> None:
        """Listen."""
        await web.BaseSite.start(self)
        server = self._runner.server
        assert server is not None, "the runner is set up"  # noqa: S101 - for the type checker
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._connections, server, **self._settings),
            self._host,
            self._port,
            backlog=_BACKLOG,
        )

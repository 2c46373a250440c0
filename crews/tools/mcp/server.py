"""A tenant's server: opened when first needed, opened anew when it ended, and its tools for crews."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from crewai.tools.base_tool import BaseTool
from mcp import McpError
from mcp.types import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Tool

from chatwootai.model.policy import tool_words as words
from chatwootai.net import allow
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import MCP_SESSIONS
from chatwootai.telemetry.tasks import owned
from config.settings.tools import McpServer, Tools
from crews.run_state.tool_result import Fate, ToolAnswer
from crews.tools.mcp.bounded import TOO_LONG
from crews.tools.mcp.connection import ServerConnection
from crews.tools.mcp.errors import CallTimedOut, ServerUnavailable, SessionEnded
from crews.tools.mcp.http import needs_sse, open_sse, open_streamable_http
from crews.tools.mcp.results import to_answer
from crews.tools.mcp.stdio import Streams, run_program
from crews.tools.mcp.tool import RemoteTool

_PAUSE: Final = 30.0
"""Seconds until a server that could not be reached, or ends again and again, is tried again."""
_SHORT_LIVES: Final = 3  # sessions in a row that ended within `_PAUSE`, after which it rests
_MOST: Final = 64  # tools of one server that a model is shown
_REFUSALS: Final = frozenset({INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND})
_log = log.get("mcp")


class ServerClient:
    """One server of one tenant; shared by all runs. `tools` is replaced when the server offers others."""

    def __init__(self, name: str, said: McpServer, tools: Tools, account: str) -> None:
        self.name = name
        self.tools: tuple[BaseTool, ...] = ()
        self._declared, self._tools = said, tools
        self._listed: tuple[Tool, ...] = ()
        self._connection: ServerConnection | None = None
        self._closing: set[ServerConnection] = set()
        self._opening: asyncio.Task[None] | None = None
        self._uses_sse = False
        self._again, self._opened_at, self._short_lives = 0.0, 0.0, 0
        self._trouble = ""
        self._seconds = said.timeout_ms / 1000
        self._log = _log.bind(server=name, account=account)  # of no turn: it outlives the one that needed it first

    @property
    def trouble(self) -> str:
        """Return why the server is away; empty where it is not, as far as is known."""
        return self._trouble

    async def ready(self) -> bool:
        """Open the session if there is none; False where it cannot be had now.

        Waited for only until a first session has been had: after that its tools are known.
        """
        if self._connection is not None and self._connection.alive:
            return True
        opening = self._start_opening()
        if opening is not None and not self._listed:
            await asyncio.wait({opening})
        return self._connection is not None and self._connection.alive

    async def call(self, tool: str, arguments: dict[str, Any], until: float, *, repeatable: bool) -> ToolAnswer:
        """Return a tool's answer; a server that is away is an answer too. `until`: unix seconds.

        Where the session ends under the call, it is opened anew and the call made once more, if that is safe.
        """
        for last in (False, True):
            try:
                return await self._ask(tool, arguments, until)
            except ServerUnavailable:
                return ToolAnswer.error(words.AWAY, Fate.UNSENT)
            except SessionEnded as ended:
                if last or ended.too_long or not (ended.not_sent or repeatable):
                    return _answer_for_ended(ended)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """End the session and its program."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        connections = [*self._closing, *filter(None, [self._connection])]
        await asyncio.gather(*(connection.close() for connection in connections))

    async def _ask(self, tool: str, arguments: dict[str, Any], until: float) -> ToolAnswer:
        connection = await self._live_connection(until)
        try:
            return to_answer(await connection.call(tool, arguments, self._seconds, until))
        except CallTimedOut:
            return ToolAnswer.error(words.LATE, Fate.UNKNOWN)
        except SessionEnded as ended:
            self._report_away(str(ended))
            raise
        except McpError as error:
            if error.error.code == TOO_LONG:
                self._log.warning("mcp_answer_too_long", tool=tool, error=error.error.message)
                return ToolAnswer.error(words.TOO_LONG, Fate.UNKNOWN)
            fate = Fate.REFUSED if error.error.code in _REFUSALS else Fate.FAILED
            return ToolAnswer.error(error.error.message[:300], fate)

    async def _live_connection(self, until: float) -> ServerConnection:
        """Return an open session.

        Raises:
            ServerUnavailable: there is none to be had now.
        """
        if self._connection is None or not self._connection.alive:
            opening = self._start_opening()
            if opening is None:
                raise ServerUnavailable(self._trouble)
            await asyncio.wait({opening}, timeout=max(0.0, until - time.time()))
        if self._connection is None or not self._connection.alive:
            raise ServerUnavailable(self._trouble)
        return self._connection

    def _start_opening(self) -> asyncio.Task[None] | None:
        """Return the opening under way, or one that begins now; None while the server rests."""
        if self._opening is not None and not self._opening.done():
            return self._opening
        if self._connection is not None:
            self._retire(self._connection)
        if time.monotonic() < self._again:
            return None
        opening = asyncio.create_task(self._open_and_report(), name=f"open mcp {self.name}", context=log.own_context())
        self._opening = owned(opening, "tools")
        return self._opening

    async def _open_and_report(self) -> None:
        try:
            connection = await self._connect()
        except ServerUnavailable as away:
            self._again = time.monotonic() + _PAUSE
            self._report_away(str(away))
            return
        self._connection, self._opened_at = connection, time.monotonic()
        self._publish_tools(connection.tools)
        MCP_SESSIONS.labels("opened").inc()
        if self._trouble:
            self._trouble = ""
            self._log.info("mcp_server_back", tools=len(self.tools))

    async def _connect(self) -> ServerConnection:
        """Return a session over the transport that the server speaks.

        Raises:
            ServerUnavailable: and why.
        """
        refusal: ServerUnavailable | None = None
        if not self._uses_sse:
            connection = self._new_connection(self._transport)
            try:
                return await self._open_or_drop(connection)
            except ServerUnavailable as away:
                if self._declared.url is None or connection.error is None or not needs_sse(connection.error):
                    raise
                refusal = away
        try:
            connection = await self._open_or_drop(self._new_connection(self._sse_transport))
        except ServerUnavailable as away:
            self._uses_sse = False
            raise refusal or away from None
        self._uses_sse = True
        return connection

    def _new_connection(self, transport: Callable[[], AbstractAsyncContextManager[Streams]]) -> ServerConnection:
        return ServerConnection(self.name, transport, self._tools_changed)

    async def _open_or_drop(self, connection: ServerConnection) -> ServerConnection:
        try:
            await connection.wait_until_open(self._seconds)
        except BaseException:
            self._drop(connection)
            raise
        return connection

    def _drop(self, connection: ServerConnection) -> None:
        """End a session without waiting for it; `close` waits."""
        self._closing.add(connection)
        task = owned(asyncio.create_task(connection.close(), context=log.own_context()), "tools")
        task.add_done_callback(lambda _: self._closing.discard(connection))

    def _retire(self, connection: ServerConnection) -> None:
        """Note that a session has ended: count how short it lived, and say so once."""
        self._connection = None
        self._drop(connection)
        self._report_away(connection.reason)
        short = time.monotonic() - self._opened_at < _PAUSE
        self._short_lives = self._short_lives + 1 if short else 0
        if self._short_lives > _SHORT_LIVES:
            self._short_lives = 0
            self._again = time.monotonic() + _PAUSE

    def _report_away(self, reason: str) -> None:
        """Say once that the server is away, and again only where it is for another reason."""
        if reason != self._trouble:
            self._trouble = reason
            MCP_SESSIONS.labels("away").inc()
            self._log.warning("mcp_server_away", error=reason)

    def _transport(self) -> AbstractAsyncContextManager[Streams]:
        said = self._declared
        if said.url is None:
            return run_program(said.command, {name: value.reveal() for name, value in said.env.items()})
        return open_streamable_http(said.url, self._headers(said.url), self._tools.private_hosts, self._seconds)

    def _sse_transport(self) -> AbstractAsyncContextManager[Streams]:
        url = self._declared.url or ""
        return open_sse(url, self._headers(url), self._tools.private_hosts, self._seconds)

    def _headers(self, url: str) -> dict[str, str]:
        """Return the headers for a server, if it may be reached at all.

        Raises:
            Forbidden: it may not.
        """
        allow(url, self._tools.hosts, self._tools.private_hosts)
        return {name: value.reveal() for name, value in self._declared.headers.items()}

    def _tools_changed(self) -> None:
        if self._connection is not None:
            self._publish_tools(self._connection.tools)

    def _publish_tools(self, listed: tuple[Tool, ...]) -> None:
        """Make tools of what the server offers; the very same ones where it offers the same."""
        if listed == self._listed:
            return
        wanted = [tool for tool in listed if not self._declared.tools or tool.name in self._declared.tools]
        unknown = sorted(set(self._declared.tools) - {tool.name for tool in listed})
        self._listed = listed
        self.tools = tuple(self._tool_of(tool) for tool in wanted[:_MOST] if self._is_guarded(tool))
        self._log.info("mcp_tools", offered=len(listed), taken=len(self.tools), unknown=unknown)

    def _tool_of(self, tool: Tool) -> RemoteTool:
        written, filled = self._declared.from_contact.get(tool.name, ()), self._declared.filled.get(tool.name)
        return RemoteTool(self.call, self.name, tool, from_contact=written, filled=filled)

    def _is_guarded(self, tool: Tool) -> bool:
        """Tell whether a tool knows all parameters that are guarded: one that was renamed would go unguarded."""
        said = self._declared
        guarded = {*said.from_contact.get(tool.name, ()), *said.filled.get(tool.name, {})}
        if missing := sorted(guarded - set(tool.inputSchema.get("properties", {}))):
            self._log.warning("mcp_tool_unguarded", tool=tool.name, missing=missing)
        return not missing


def _answer_for_ended(ended: SessionEnded) -> ToolAnswer:
    if ended.too_long:
        return ToolAnswer.error(words.TOO_LONG, Fate.UNKNOWN)
    if ended.not_sent:
        return ToolAnswer.error(words.AWAY, Fate.UNSENT)
    return ToolAnswer.error(words.BROKEN, Fate.UNKNOWN)

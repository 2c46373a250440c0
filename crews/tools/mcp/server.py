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
from crews.run.tool_result import Answer, Fate
from crews.tools.mcp.errors import Away, Ended, Late
from crews.tools.mcp.http import older, speaks_the_old_way, streamable
from crews.tools.mcp.link import Link
from crews.tools.mcp.results import answer
from crews.tools.mcp.stdio import Streams, program
from crews.tools.mcp.tool import RemoteTool

_PAUSE: Final = 30.0
"""Seconds until a server that could not be reached, or ends again and again, is tried again."""
_SHORT_LIVES: Final = 3  # sessions in a row that ended within `_PAUSE`, after which it rests
_MOST: Final = 64  # tools of one server that a model is shown
_REFUSALS: Final = frozenset({INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND})
_log = log.get("mcp")


class Server:
    """One server of one tenant; shared by all runs. `tools` is replaced when the server offers others."""

    def __init__(self, name: str, said: McpServer, tools: Tools, account: str) -> None:
        self.name = name
        self.tools: tuple[BaseTool, ...] = ()
        self._said, self._tools = said, tools
        self._listed: tuple[Tool, ...] = ()
        self._link: Link | None = None
        self._old_links: set[Link] = set()
        self._opening: asyncio.Task[None] | None = None
        self._older = False
        self._again, self._opened_at, self._short_lives = 0.0, 0.0, 0
        self._trouble = ""
        self._seconds = said.timeout_ms / 1000
        self._log = _log.bind(server=name, account=account)  # of no turn: it outlives the one that needed it first

    async def ready(self) -> bool:
        """Open the session if there is none; False where it cannot be had now.

        Waited for only until a first session has been had: after that its tools are known.
        """
        if self._link is not None and self._link.alive:
            return True
        opening = self._begin()
        if opening is not None and not self._listed:
            await asyncio.wait({opening})
        return self._link is not None and self._link.alive

    async def call(self, tool: str, arguments: dict[str, Any], until: float, *, repeatable: bool) -> Answer:
        """A tool's answer; a server that is away is an answer too. `until`: unix seconds.

        Where the session ends under the call, it is opened anew and the call made once more, if that is safe.
        """
        for last in (False, True):
            try:
                return await self._ask(tool, arguments, until)
            except Away:
                return Answer.error(words.AWAY, Fate.UNSENT)
            except Ended as ended:
                if last or not (ended.untouched or repeatable):
                    return _broken(ended)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """End the session and its program."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        links = [*self._old_links, *filter(None, [self._link])]
        await asyncio.gather(*(link.close() for link in links))

    async def _ask(self, tool: str, arguments: dict[str, Any], until: float) -> Answer:
        link = await self._open_link(until)
        try:
            return answer(await link.call(tool, arguments, self._seconds, until))
        except Late:
            return Answer.error(words.LATE, Fate.UNKNOWN)
        except Ended as ended:
            self._away(str(ended))
            raise
        except McpError as error:
            fate = Fate.REFUSED if error.error.code in _REFUSALS else Fate.FAILED
            return Answer.error(error.error.message[:300], fate)

    async def _open_link(self, until: float) -> Link:
        """An open session.

        Raises:
            Away: there is none to be had now.
        """
        if self._link is None or not self._link.alive:
            opening = self._begin()
            if opening is None:
                raise Away(self._trouble)
            await asyncio.wait({opening}, timeout=max(0.0, until - time.time()))
        if self._link is None or not self._link.alive:
            raise Away(self._trouble)
        return self._link

    def _begin(self) -> asyncio.Task[None] | None:
        """The opening under way, or one that begins now; None while the server rests."""
        if self._opening is not None and not self._opening.done():
            return self._opening
        if self._link is not None:
            self._retire(self._link)
        if time.monotonic() < self._again:
            return None
        opening = asyncio.create_task(self._open(), name=f"open mcp {self.name}", context=log.own_context())
        self._opening = owned(opening, "tools")
        return self._opening

    async def _open(self) -> None:
        try:
            link = await self._reached()
        except Away as away:
            self._again = time.monotonic() + _PAUSE
            self._away(str(away))
            return
        self._link, self._opened_at = link, time.monotonic()
        self._offer(link.tools)
        MCP_SESSIONS.labels("opened").inc()
        if self._trouble:
            self._trouble = ""
            self._log.info("mcp_server_back", tools=len(self.tools))

    async def _reached(self) -> Link:
        """A session over the transport that the server speaks.

        Raises:
            Away: and why.
        """
        refusal: Away | None = None
        if not self._older:
            link = self._new_link(self._transport)
            try:
                return await self._kept(link)
            except Away as away:
                if self._said.url is None or link.error is None or not speaks_the_old_way(link.error):
                    raise
                refusal = away
        try:
            link = await self._kept(self._new_link(self._older_transport))
        except Away as away:
            self._older = False
            raise refusal or away from None
        self._older = True
        return link

    def _new_link(self, transport: Callable[[], AbstractAsyncContextManager[Streams]]) -> Link:
        return Link(self.name, transport, self._changed)

    async def _kept(self, link: Link) -> Link:
        try:
            await link.opened(self._seconds)
        except BaseException:
            self._drop(link)
            raise
        return link

    def _drop(self, link: Link) -> None:
        """End a session without waiting for it; `close` waits."""
        self._old_links.add(link)
        task = owned(asyncio.create_task(link.close(), context=log.own_context()), "tools")
        task.add_done_callback(lambda _: self._old_links.discard(link))

    def _retire(self, link: Link) -> None:
        """A session has ended: count how short it lived, and say so once."""
        self._link = None
        self._drop(link)
        self._away(link.reason)
        short = time.monotonic() - self._opened_at < _PAUSE
        self._short_lives = self._short_lives + 1 if short else 0
        if self._short_lives > _SHORT_LIVES:
            self._short_lives = 0
            self._again = time.monotonic() + _PAUSE

    def _away(self, reason: str) -> None:
        """Say once that the server is away, and again only where it is for another reason."""
        if reason != self._trouble:
            self._trouble = reason
            MCP_SESSIONS.labels("away").inc()
            self._log.warning("mcp_server_away", error=reason)

    def _transport(self) -> AbstractAsyncContextManager[Streams]:
        said = self._said
        if said.url is None:
            return program(said.command, {name: value.reveal() for name, value in said.env.items()})
        return streamable(said.url, self._headers(said.url), self._tools.private_hosts, self._seconds)

    def _older_transport(self) -> AbstractAsyncContextManager[Streams]:
        url = self._said.url or ""
        return older(url, self._headers(url), self._tools.private_hosts, self._seconds)

    def _headers(self, url: str) -> dict[str, str]:
        """The headers for a server, if it may be reached at all.

        Raises:
            Forbidden: it may not.
        """
        allow(url, self._tools.hosts, self._tools.private_hosts)
        return {name: value.reveal() for name, value in self._said.headers.items()}

    def _changed(self) -> None:
        if self._link is not None:
            self._offer(self._link.tools)

    def _offer(self, listed: tuple[Tool, ...]) -> None:
        """Make tools of what the server offers; the very same ones where it offers the same."""
        if listed == self._listed:
            return
        wanted = [tool for tool in listed if not self._said.tools or tool.name in self._said.tools]
        unknown = sorted(set(self._said.tools) - {tool.name for tool in listed})
        self._log.info("mcp_tools", offered=len(listed), taken=min(len(wanted), _MOST), unknown=unknown)
        self._listed = listed
        self.tools = tuple(RemoteTool(self.call, self.name, tool) for tool in wanted[:_MOST])


def _broken(ended: Ended) -> Answer:
    if ended.untouched:
        return Answer.error(words.AWAY, Fate.UNSENT)
    return Answer.error(words.BROKEN, Fate.UNKNOWN)

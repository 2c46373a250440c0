"""The tools that a tenant's crews may use: ours, its own requests, its servers'. Made once, shared by all runs."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Union

import aiohttp

from chatwootai.bounded_cache import BoundedCache
from chatwootai.guarded_session import session
from chatwootai.stores.figures.figures import Figures
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import owned
from config.settings.settings import Settings
from config.settings.tools import Tools

if TYPE_CHECKING:
    from crewai.tools.base_tool import BaseTool

    from crews.tools.mcp.server import ServerClient

Toolset = Mapping[str, Union["BaseTool", tuple["BaseTool", ...]]]
"""Tools by the names that a crew's YAML calls them; a server's name stands for all of its tools."""

_IDLE = 900.0  # seconds after which nobody's servers are kept open: a configuration that is replaced leaves its behind
_ACCOUNTS = 1024  # whose tools are kept


@dataclass(slots=True)
class AccountTools:
    """An account's tools. Holds `tools`, so that their id stays theirs; replaces `toolset` when a server changes."""

    tools: Tools
    servers: "dict[str, ServerClient]"
    toolset: Toolset
    used_at: float = 0.0


class ToolRegistry:
    """Hands out tools by account and settings.

    `figures`: what the owner's crew may read of, set before the first tool is handed out; None in a preview.
    """

    def __init__(self) -> None:
        self.figures: Figures | None = None
        self._built_in: Toolset | None = None
        self._by_account: BoundedCache[tuple[str, int], AccountTools] = BoundedCache(_ACCOUNTS, self._close_servers)
        self._sessions: dict[frozenset[str], aiohttp.ClientSession] = {}
        self._ended: set[asyncio.Task[None]] = set()

    async def toolset_for(self, account: str, settings: Settings) -> Toolset:
        """Return the tools of an account: the very same mapping as long as they are the same.

        Accounts whose settings stand in one folder have sessions and programs of their own all the same.
        """
        if self._built_in is None:
            from crews.tools.built_in_tools import built_in

            self._built_in = dict(built_in(self.figures))
        tools = settings.tools
        if not tools.http and not tools.mcp:
            return self._built_in
        key = (account, id(tools))
        own = self._by_account.get(key) or self._by_account.put(key, self._build(account, tools, self._built_in))
        own.used_at = time.monotonic()
        self._close_unused()
        if own.servers:
            await self.refresh(own)
        return own.toolset

    def last_toolset_for(self, account: str, settings: Settings) -> Toolset:
        """Return the tools as `toolset_for` has handed them out last; ours alone where it has not."""
        own = self._by_account.peek((account, id(settings.tools)))
        return own.toolset if own is not None else self._built_in or {}

    def servers_of(self, account: str) -> dict[str, str]:
        """Return, by an account's servers that were used, why each is away; empty for one that is not."""
        used = [own for (whose, _), own in self._by_account.items() if whose == account]
        newest = max(used, key=lambda own: own.used_at, default=None)
        return {name: server.trouble for name, server in newest.servers.items()} if newest else {}

    async def close(self) -> None:
        """End every session and program."""
        servers = [server.close() for own in self._by_account.values() for server in own.servers.values()]
        await asyncio.gather(*servers, *self._ended)
        await asyncio.gather(*(session.close() for session in self._sessions.values()))

    def _build(self, account: str, tools: Tools, built_in: Toolset) -> AccountTools:
        from crews.tools.http_tool import HttpRequest
        from crews.tools.mcp.server import ServerClient

        session = partial(self._session, frozenset(tools.private_hosts))
        requests = {name: HttpRequest(name, said, tools, session) for name, said in tools.http.items()}
        servers = {name: ServerClient(name, said, tools, account) for name, said in tools.mcp.items()}
        return AccountTools(tools, servers, {**built_in, **requests, **dict.fromkeys(servers, ())})

    async def refresh(self, own: AccountTools) -> None:
        """Replace the toolset where a server has other tools by now."""
        await asyncio.gather(*(server.ready() for server in own.servers.values()))
        found = {name: server.tools for name, server in own.servers.items()}
        if any(own.toolset[name] is not tools for name, tools in found.items()):
            own.toolset = {**own.toolset, **found}

    def _session(self, private: frozenset[str]) -> aiohttp.ClientSession:
        found = self._sessions.get(private)
        if found is None:
            found = self._sessions[private] = session(private)
        return found

    def _close_unused(self) -> None:
        """Drop the tools that nobody has used for `_IDLE` seconds, and close their servers."""
        since = time.monotonic() - _IDLE
        for key, own in [each for each in self._by_account.items() if each[1].used_at < since]:
            self._by_account.pop(key)
            self._close_servers(key, own)

    def _close_servers(self, _: tuple[str, int], own: AccountTools) -> None:
        """Close an account's servers in the background; `close` waits for it."""
        for server in own.servers.values():
            task = owned(asyncio.create_task(server.close(), context=log.own_context()), "tools")
            self._ended.add(task)
            task.add_done_callback(self._ended.discard)

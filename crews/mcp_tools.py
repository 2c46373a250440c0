"""Servers of the Model Context Protocol: one session a server, opened when first needed, opened anew when it broke."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import httpx
from crewai.tools.base_tool import BaseTool
from crewai.utilities.pydantic_schema_utils import create_model_from_schema
from httpx_aiohttp import AiohttpTransport
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import CallToolResult, TextContent, Tool
from pydantic import PrivateAttr

from chatwootai.telemetry import log
from config.tools import McpServer, Tools
from crews.as_data import as_data
from crews.guard import allowed
from crews.run import current

_PAUSE = 30.0
"""Seconds until a server that could not be reached is tried again."""

_MOST = 64  # tools of one server that a model is shown
_log = log.get("mcp")


class Server:
    """One server's session. It lives in a task of its own, because its transport must be closed where it was opened."""

    def __init__(self, name: str, said: McpServer, tools: Tools, session: Callable[[], aiohttp.ClientSession]) -> None:
        self.name = name
        self.tools: tuple[BaseTool, ...] = ()
        self._said, self._tools, self._http = said, tools, session
        self._session: ClientSession | None = None
        self._life: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        self._again = 0.0

    async def ready(self) -> bool:
        """Open the session if there is none; False where it cannot be had now."""
        if self._session is not None:
            return True
        if self._life is None or self._life.done():
            if time.monotonic() < self._again:
                return False
            self._opened.clear()
            self._life = asyncio.create_task(self._live(), name=f"mcp {self.name}", context=log.own_context())
        try:
            async with asyncio.timeout(self._said.timeout_ms / 1000):
                await self._opened.wait()
        except TimeoutError:
            self._life.cancel()
            self._again = time.monotonic() + _PAUSE
        return self._session is not None

    async def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """A tool's result; a server that is away is a result too."""
        if not await self.ready() or self._session is None:
            return {"error": "this tool is not available now"}
        run = current.get()
        left = run.deadline - time.time() if run is not None else 60.0
        limit = min(self._said.timeout_ms / 1000, left)
        try:
            async with asyncio.timeout(limit):
                found = await self._session.call_tool(tool, arguments, read_timeout_seconds=timedelta(seconds=limit))
        except TimeoutError:
            return {"error": "no answer in time"}
        except McpError as refused:
            return {"error": str(refused)[:300]}
        return _result(found)

    async def close(self) -> None:
        """End the session and its program."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        try:
            async with self._connected() as session:
                await session.initialize()
                self.tools = tuple(self._offered(await session.list_tools()))
                self._session = session
                self._opened.set()
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a foreign server does, its tools are away and no more
            _log.warning("mcp_server_away", server=self.name, error=type(error).__name__)
        finally:
            self._session = None
            self._again = time.monotonic() + _PAUSE
            self._opened.set()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientSession]:
        if self._said.url is None:
            command, *rest = self._said.command
            env = {name: value.reveal() for name, value in self._said.env.items()}
            program = StdioServerParameters(command=command, args=rest, env=env)
            with open(os.devnull, "w") as nowhere:  # noqa: ASYNC230, PTH123  # what it logs may hold what contacts wrote
                async with (
                    stdio_client(program, errlog=nowhere) as (read, write),
                    ClientSession(read, write) as session,
                ):
                    yield session
            return
        allowed(self._said.url, self._tools.hosts, self._tools.private_hosts)
        headers = {name: value.reveal() for name, value in self._said.headers.items()}
        async with (
            streamablehttp_client(self._said.url, headers, httpx_client_factory=self._client) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            yield session

    def _client(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
        auth: httpx.Auth | None = None,
    ) -> httpx.AsyncClient:
        """An HTTP client whose connections pass the guard, and that follows nobody elsewhere."""
        transport = AiohttpTransport(client=self._http)
        return httpx.AsyncClient(
            transport=transport, headers=headers, timeout=timeout, auth=auth, follow_redirects=False, trust_env=False
        )

    def _offered(self, listed: Any) -> list[BaseTool]:
        wanted = [tool for tool in listed.tools if not self._said.tools or tool.name in self._said.tools]
        return [RemoteTool(self, tool) for tool in wanted[:_MOST]]


class RemoteTool(BaseTool):
    """One tool of a server, called `<server>_<tool>`."""

    name: str
    description: str
    _server: Server = PrivateAttr()
    _tool: str = PrivateAttr()

    def __init__(self, server: Server, tool: Tool) -> None:
        schema = create_model_from_schema(tool.inputSchema, model_name=f"{server.name}_{tool.name}_arguments")
        name = f"{server.name}_{tool.name}"[:64]
        super().__init__(name=name, description=(tool.description or tool.name)[:1000], args_schema=schema)
        self._server, self._tool = server, tool.name

    def _run(self, **_: Any) -> Any:
        raise NotImplementedError("this tool answers asynchronously only")

    async def _arun(self, **arguments: Any) -> str:
        given = {key: value for key, value in arguments.items() if value is not None}
        return as_data(self.name, await self._server.call(self._tool, given))


def _result(found: CallToolResult) -> Any:
    texts = [each.text for each in found.content if isinstance(each, TextContent)]
    value: Any = found.structuredContent if found.structuredContent is not None else "\n".join(texts)
    return {"error": value} if found.isError else value

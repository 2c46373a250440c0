"""An MCP server with every habit that servers have: `python tests/mcp_desk.py stdio|http|sse [PORT] [LOG]`.

Each call of a tool adds a line to LOG, and so does the cancellation of one that is silent (`given-up`). Over http
sessions are stateful: a session id of an earlier process is unknown.
"""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp.types as t
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route

desk: Server[Any, Any] = Server("desk")
LOG = Path(sys.argv[3]) if len(sys.argv) > 3 else None
ANY = {"type": "object", "properties": {}}
HINTS = {"look": t.ToolAnnotations(readOnlyHint=True), "die_looking": t.ToolAnnotations(idempotentHint=True)}
NAMES = [
    "look",
    "order",
    "die_ordering",
    "die_looking",
    "slow",
    "silent",
    "files",
    "facts",
    "learn",
    "a.dotted-name",
    "bad",
]
learned = False


@desk.list_tools()
async def tools(request: t.ListToolsRequest) -> t.ListToolsResult:
    """Three tools a page."""
    names = [*NAMES, *(["learned"] if learned else [])]
    start = int(request.params.cursor or 0) if request.params else 0
    page = [t.Tool(name=n, description=n, inputSchema=ANY, annotations=HINTS.get(n)) for n in names[start : start + 3]]
    return t.ListToolsResult(tools=page, nextCursor=str(start + 3) if start + 3 < len(names) else None)


@desk.call_tool(validate_input=False)
async def call(name: str, _: dict[str, Any]) -> Any:
    """Do what a tool is called."""
    global learned  # noqa: PLW0603 - a process's own
    first = LOG is not None and name not in (LOG.read_text().split() if LOG.exists() else [])
    _note(name)
    if name.startswith("die_") and first:
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "slow":
        return await _slowly()
    if name == "silent":
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            _note("given-up")
            raise
    if name == "files":
        return _files()
    if name == "facts":
        return [t.ResourceLink(type="resource_link", uri="https://x.example/a", name="more")], {"price": 3}
    if name == "learn":
        learned = True
        await desk.request_context.session.send_tool_list_changed()
    if name == "bad":
        raise ValueError("out of stock")
    return [t.TextContent(type="text", text=f"{name} done by {os.getpid()}")]


def _note(what: str) -> None:
    if LOG is not None:
        with LOG.open("a") as log:
            log.write(f"{what}\n")


async def _slowly() -> list[t.TextContent]:
    context = desk.request_context
    for step in range(8):
        await asyncio.sleep(0.25)
        if context.meta is not None and context.meta.progressToken is not None:
            await context.session.send_progress_notification(context.meta.progressToken, step, 8)
    return [t.TextContent(type="text", text="slow done")]


def _files() -> list[Any]:
    data = base64.b64encode(b"12345678901").decode()
    blob = t.BlobResourceContents(uri="file:///b.pdf", mimeType="application/pdf", blob=data)
    text = t.TextResourceContents(uri="file:///a.txt", mimeType="text/plain", text="the text")
    return [
        t.TextContent(type="text", text="words"),
        t.ImageContent(type="image", data=data, mimeType="image/png"),
        t.AudioContent(type="audio", data=data, mimeType="audio/wav"),
        t.EmbeddedResource(type="resource", resource=text),
        t.EmbeddedResource(type="resource", resource=blob),
        t.ResourceLink(type="resource_link", uri="https://x.example/m", name="manual", description="How to"),
    ]


def http() -> Starlette:
    """Streamable HTTP at /mcp; only with the right token where MCP_TOKEN is set."""
    manager = StreamableHTTPSessionManager(desk)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    return Starlette(routes=[Mount("/mcp", manager.handle_request)], lifespan=life)


def sse() -> Starlette:
    """The transport of before 2025: a stream at /mcp, requests to /messages/."""
    transport = SseServerTransport("/messages/")

    async def stream(request: Any) -> Response:
        async with transport.connect_sse(request.scope, request.receive, request._send) as (read, write):
            await desk.run(read, write, desk.create_initialization_options())
        return Response()

    return Starlette(routes=[Route("/mcp", stream), Mount("/messages/", transport.handle_post_message)])


async def _stdio() -> None:
    async with stdio_server() as (read, write):
        await desk.run(read, write, desk.create_initialization_options())


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        asyncio.run(_stdio())
    else:
        app = http() if sys.argv[1] == "http" else sse()
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", timeout_graceful_shutdown=1)

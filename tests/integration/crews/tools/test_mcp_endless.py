"""MCP servers and HTTP tools that send without end, or more values than may be parsed: bounded as it arrives."""

import gzip
import json
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chatwootai.model.policy import tool_words as words
from crews.run_state.tool_result import Fate
from crews.runtime import environment
from crews.tools.bounds import MOST_BYTES, TooLong, check
from tests.integration.crews.tools.test_mcp_servers import ask, server
from tests.integration.crews.tools.test_tools_used import Model, catalog, drafted, http, result, served

TOOLS = ("fine", "json", "event", "values", "comments", "whole")
VALUES = "[" + ",".join(['{"a":1}'] * 40_000) + "]"
_SLACK = 24 << 20  # bytes on their way in sockets' buffers


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


class Speaker:
    """A server of MCP over streamable HTTP, written by hand. `sent`: bytes of the answer under way."""

    def __init__(self) -> None:
        self.sent = 0
        self.sessions = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.Response(status=405)
        said = json.loads(await request.read())
        if "id" not in said:
            return web.Response(status=202)
        if said["method"] == "initialize":
            self.sessions += 1
            info = {"name": "endless", "version": "1"}
            return self._result(said, {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": info})
        if said["method"] == "tools/list":
            tools = [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]
            return self._result(said, {"tools": tools})
        self.sent = 0
        return await self._called(request, said)

    def _result(self, said: Any, found: Any) -> web.Response:
        return web.json_response({"jsonrpc": "2.0", "id": said["id"], "result": found})

    async def _called(self, request: web.Request, said: Any) -> web.StreamResponse:
        name = said["params"]["name"]
        if name == "fine":
            return self._result(said, {"content": [{"type": "text", "text": "9 pieces"}]})
        if name == "values":
            text = (
                f'{{"jsonrpc":"2.0","id":{said["id"]},"result":{{"content":[],"structuredContent":{{"a":{VALUES}}}}}}}'
            )
            return web.Response(text=text, content_type="application/json")
        if name == "whole":
            text = f"data: {json.dumps({'jsonrpc': '2.0', 'id': said['id'], 'result': {'content': []}})}\r\n\r\n"
            return web.Response(text=text, content_type="text/event-stream")
        kind = "application/json" if name == "json" else "text/event-stream"
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        piece = {"json": b'["', "event": b"data: "}.get(name, b": a comment of no event\n")
        filler = b": more of it, and no end\n" * 2_000 if name == "comments" else b"x" * 65_536
        while True:
            await response.write(piece + filler)
            piece, self.sent = b"", self.sent + len(filler)


@asynccontextmanager
async def speaker() -> AsyncIterator[tuple[Speaker, dict[str, Any]]]:
    speaks = Speaker()
    async with served(speaks.answer) as url:
        said = {"url": f"{url}/mcp", "timeout_ms": 30_000}
        yield speaks, {"hosts": ["127.0.0.1"], "private_hosts": ["127.0.0.1"], "mcp": {"desk": said}}


@pytest.mark.parametrize("name", ["json", "event", "values", "comments"])
async def test_an_answer_without_end_is_an_error_of_that_call_alone(name: str) -> None:
    async with speaker() as (speaks, tools), server(tools) as desk:
        assert (await ask(desk, "fine")).value == "9 pieces"
        found = await ask(desk, name, repeatable=True, seconds=60)
        assert (found.value, found.fate) == ({"error": words.TOO_LONG}, Fate.UNKNOWN)
        assert speaks.sent < MOST_BYTES + _SLACK
        assert (await ask(desk, "fine")).value == "9 pieces"
        assert (await ask(desk, "whole")).value == ""
        assert speaks.sessions == 1, "the session went on"


PROGRAM = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if "id" not in said:
        continue
    if said["method"] == "initialize":
        info = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "p", "version": "1"}}
    elif said["method"] == "tools/list":
        info = {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in ("fine", "line", "lines")]}
    elif said["params"]["name"] == "fine":
        info = {"content": [{"type": "text", "text": "9 pieces"}]}
    else:
        while said["params"]["name"] == "line":
            sys.stdout.write("x" * 65536)
        sys.stdout.write("\\n" * 300000)
        info = {"content": [{"type": "text", "text": "after the lines"}]}
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": info}) + "\\n")
    sys.stdout.flush()
"""


async def test_a_line_without_end_of_a_program_is_an_error_and_the_program_is_started_anew(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    tools = {"mcp": {"desk": {"command": [sys.executable, str(script)], "timeout_ms": 30_000}}}
    async with server(tools) as desk:
        assert (await ask(desk, "fine", seconds=60)).value == "9 pieces"
        assert (await ask(desk, "lines", seconds=60)).value == "after the lines"
        found = await ask(desk, "line", repeatable=True, seconds=60)
        assert (found.value, found.fate) == ({"error": words.TOO_LONG}, Fate.UNKNOWN)
        assert (await ask(desk, "fine", seconds=60)).value == "9 pieces"


async def test_an_http_tool_parses_no_more_values_than_it_has_time_for(tmp_path: Path) -> None:
    async def many(_: web.Request) -> web.Response:
        return web.Response(text=VALUES, content_type="application/json")

    async with served(many) as url:
        model = Model(("order", {"number": "1"}))
        await drafted(catalog(tmp_path, "order"), model, http(url, timeout_ms=20_000, max_bytes=4_194_304))
    assert "too many values" in result(model)["error"]


async def test_a_small_answer_that_unpacks_to_a_large_one_is_cut_where_it_is_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * (256 << 20)))
    bomb = gzip.decompress(bomb)

    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})

    async with served(packed) as url:
        model = Model(("order", {"number": "1"}))
        tracemalloc.start()
        try:
            await drafted(catalog(tmp_path, "order"), model, http(url, timeout_ms=20_000))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert "longer than 65536 bytes" in result(model)["error"]
    assert most < 128 << 20, f"{most >> 20} MiB were held at once"


def test_values_are_counted_only_where_there_is_room_for_many() -> None:
    check(b"," * 60_000)
    check(b'"' + b"a" * (4 << 20) + b'"')
    with pytest.raises(TooLong):
        check(b"[" + b"1," * 40_000 + b"1]")

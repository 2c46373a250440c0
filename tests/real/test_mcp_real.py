"""MCP servers that nobody here wrote, over stdio, streamable HTTP and server-sent events: killed and restarted."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crews.run_state.tool_result import Fate
from crews.runtime import environment
from tests.integration.crews.tools.test_mcp_servers import ask, server
from tests.real.parts import where

PACKAGES = {"everything": "2026.8.31", "memory": "2026.8.31", "filesystem": "2026.8.31"}
pytestmark = [pytest.mark.real("npm"), pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the servers' programs, installed for this run alone."""
    folder = tmp_path_factory.mktemp("servers")
    wanted = [f"@modelcontextprotocol/server-{name}@{version}" for name, version in PACKAGES.items()]
    command = [where("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        pytest.skip(f"the servers cannot be had from npm: {done.stderr.strip().splitlines()[-1:]}")
    return folder / "node_modules" / ".bin"


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@contextlib.contextmanager
def everything(programs: Path, kind: str, port: int) -> Iterator[None]:
    environ = {**os.environ, "PORT": str(port)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([programs / "mcp-server-everything", kind], env=environ, stdout=quiet, stderr=quiet)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def by_url(port: int, path: str) -> dict[str, Any]:
    said = {"url": f"http://127.0.0.1:{port}/{path}", "timeout_ms": 20_000}
    return {"hosts": ["127.0.0.1"], "private_hosts": ["127.0.0.1"], "mcp": {"desk": said}}


def by_program(*command: str | Path, **env: str) -> dict[str, Any]:
    return {"mcp": {"desk": {"command": list(map(str, command)), "env": env, "timeout_ms": 20_000}}}


async def call(desk: Any, tool: str, *, repeatable: bool = False, **arguments: Any) -> Any:
    return await desk.call(tool, arguments, time.time() + 40, repeatable=repeatable)


async def test_everything_over_stdio(programs: Path) -> None:
    async with server(by_program(programs / "mcp-server-everything", "stdio")) as desk:
        assert await desk.ready()
        assert {"desk_echo", "desk_get-sum", "desk_get-structured-content"} <= {tool.name for tool in desk.tools}
        assert (await call(desk, "echo", message="ação 🐍")).value == "Echo: ação 🐍"
        assert "42" in (await call(desk, "get-sum", a=40, b=2)).value
        image = (await call(desk, "get-tiny-image")).value
        assert "[image, image/png" in image
        assert "[link, " in (await call(desk, "get-resource-links", count=2)).value
        assert "[file, " in (await call(desk, "get-resource-reference")).value
        structured = (await call(desk, "get-structured-content", location="New York")).value
        assert isinstance(structured, dict)
        assert "temperature" in structured
        secrets = (await call(desk, "get-env")).value
        assert set(json.loads(secrets)) <= {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LC_CTYPE"}


async def test_progress_of_a_long_call_lengthens_the_wait(programs: Path) -> None:
    async with server(by_program(programs / "mcp-server-everything", "stdio")) as desk:
        assert await desk.ready()
        desk._seconds = 2.0
        done = await call(desk, "trigger-long-running-operation", duration=5, steps=10)
        assert done.fate is Fate.DONE


async def test_everything_over_stateful_http_restarted_between_two_calls(programs: Path, port: int) -> None:
    """It answers 400 to a session of its earlier life, where others say 404."""
    async with server(by_url(port, "mcp")) as desk:
        with everything(programs, "streamableHttp", port):
            assert (await call(desk, "echo", message="one")).value == "Echo: one"
        assert (await call(desk, "echo", message="nobody is there")).fate is Fate.UNSENT
        desk._again = 0.0  # not after half a minute
        with everything(programs, "streamableHttp", port):
            assert (await call(desk, "echo", message="two")).value == "Echo: two"


async def test_everything_over_the_older_transport(programs: Path, port: int) -> None:
    with everything(programs, "sse", port):
        async with server(by_url(port, "sse")) as desk:
            assert (await call(desk, "echo", message="one")).value == "Echo: one"


async def test_memory_killed_between_two_calls_has_kept_what_was_done_once(programs: Path, tmp_path: Path) -> None:
    file, others = tmp_path / "memory.json", children()
    async with server(by_program(programs / "mcp-server-memory", MEMORY_FILE_PATH=str(file))) as desk:
        entity = {"name": "Ana", "entityType": "contact", "observations": ["likes blue"]}
        assert (await call(desk, "create_entities", entities=[entity])).fate is Fate.DONE
        for pid in children() - others:
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while desk._connection.alive:  # noqa: ASYNC110 - its death is noticed by itself
                await asyncio.sleep(0.02)
        found = await call(desk, "read_graph")
        assert found.fate is Fate.DONE
        assert "likes blue" in json.dumps(found.value)
        assert file.read_text().count("likes blue") == 1
    async with asyncio.timeout(20):
        while children() - others:  # noqa: ASYNC110 - the loop hears of a child's end when the kernel says so
            await asyncio.sleep(0.02)


def children() -> frozenset[int]:
    """The processes that this one has started and that are not over, zombies included."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ends while it is looked at
            if path.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.add(int(path.parent.name))
    return frozenset(found)


async def test_files_inside_are_read_and_outside_refused(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Frete grátis acima de R$ 200.")
    async with server(by_program(programs / "mcp-server-filesystem", tmp_path)) as desk:
        assert await desk.ready()
        hints = {tool.name: tool.repeatable for tool in desk.tools}
        assert hints["desk_read_text_file"]
        assert not hints["desk_edit_file"]
        assert "Frete grátis" in json.dumps(
            (await call(desk, "read_text_file", path=f"{tmp_path}/a.txt")).value, ensure_ascii=False
        )
        outside = await call(desk, "read_text_file", path="/etc/passwd")
        assert outside.fate is Fate.FAILED
        assert "root:" not in str(outside.value)


async def test_a_server_that_never_comes_up_is_away(programs: Path) -> None:
    async with server(by_program(programs / "mcp-server-filesystem", "/nonexistent/folder")) as desk:
        assert not await desk.ready()
        assert (await ask(desk, "read_text_file")).fate is Fate.UNSENT

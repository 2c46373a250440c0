"""MCP servers that are away, refuse, hang, restart or die: real processes and sockets, one tenant's trouble its own."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from config.settings.settings import Settings
from config.settings.tools import Tools
from crews.run_state.tool_result import Fate
from crews.runtime import environment
from crews.tools.toolset import ToolRegistry
from tests.integration.crews.tools.test_tools_used import served

DESK = str(Path(__file__).parents[3] / "mcp_desk.py")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@contextlib.contextmanager
def started(kind: str, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, DESK, kind, str(port), str(log)])
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def by_url(port: int, **more: Any) -> dict[str, Any]:
    said = {"url": f"http://127.0.0.1:{port}/mcp", "timeout_ms": 10_000, **more}
    return {"hosts": ["127.0.0.1"], "private_hosts": ["127.0.0.1"], "mcp": {"desk": said}}


def by_program(log: Path, **more: Any) -> dict[str, Any]:
    return {"mcp": {"desk": {"command": [sys.executable, DESK, "stdio", "0", str(log)], "timeout_ms": 10_000, **more}}}


@asynccontextmanager
async def server(tools: dict[str, Any]) -> AsyncIterator[Any]:
    from crews.tools.mcp.server import ServerClient

    known = Tools.model_validate(tools)
    found = ServerClient("desk", known.mcp["desk"], known, "1")
    try:
        yield found
    finally:
        await found.close()


async def ask(found: Any, tool: str, *, repeatable: bool = False, seconds: float = 20) -> Any:
    return await found.call(tool, {}, time.time() + seconds, repeatable=repeatable)


def pid_of(value: str) -> int:
    return int(value.rpartition(" ")[2])


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - processes and files tell of nothing
            await asyncio.sleep(0.02)


def exists(pid: int, *, zombie: bool = True) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return zombie or state != "Z"
    except FileNotFoundError:
        return False


def pid_in(file: Path) -> int:
    return int(file.read_text() or 0) if file.exists() else 0


async def refuses(_: web.Request) -> web.Response:
    return web.Response(status=401, text="no")


async def hangs(_: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def speaks_html(_: web.Request) -> web.Response:
    return web.Response(text="<html>down for maintenance</html>", content_type="text/html")


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (None, "nothing listens"),
        (refuses, "credentials (401)"),
        (hangs, "did not answer"),
        (speaks_html, "no answer of the protocol"),
    ],
)
async def test_one_tenants_server_in_trouble_is_nobody_elses(
    tmp_path: Path, port: int, trouble: Callable[[web.Request], Awaitable[web.Response]] | None, sentence: str
) -> None:
    """The connections of the HTTP tools and servers of others stay open, whatever befalls one."""

    async def shop(_: web.Request) -> web.Response:
        return web.json_response({"ok": 1})

    async with contextlib.AsyncExitStack() as stack:
        away = f"http://127.0.0.1:{port}" if trouble is None else await stack.enter_async_context(served(trouble))
        fine = await stack.enter_async_context(served(shop))
        offered = ToolRegistry()
        stack.push_async_callback(offered.close)
        order = {"description": "d", "url": f"{fine}/x"}
        both = Settings.model_validate(
            {
                "tools": {
                    **by_url(0),
                    "mcp": {"desk": {"url": f"{away}/mcp", "timeout_ms": 500 if trouble is hangs else 10_000}},
                    "http": {"order": order},
                }
            }
        )
        other = Settings.model_validate(
            {"tools": {"hosts": ["127.0.0.1"], "private_hosts": ["127.0.0.1"], "http": {"order": order}}}
        )
        good = Settings.model_validate({"tools": by_program(tmp_path / "log")})
        with capture_logs() as logs:
            offers = [await offered.toolset_for("1", each) for each in (both, other, good)]
            again = await offered.toolset_for("1", both)
        assert offers[0]["desk"] == () == again["desk"]
        assert len(offers[2]["desk"]) == 11
        for offer in offers[:2]:
            assert '{"ok": 1}' in str(await offer["order"].arun())
        said = [line for line in logs if line["event"] == "mcp_server_away"]
        assert [line["server"] for line in said] == ["desk"]
        assert sentence in said[0]["error"]


async def test_a_server_that_speaks_the_older_transport_only_is_spoken_to_in_it(tmp_path: Path, port: int) -> None:
    with started("sse", port, tmp_path / "log"):
        async with server(by_url(port)) as desk:
            assert await desk.ready()
            assert (await ask(desk, "look")).value.startswith("look done")


async def test_a_restarted_server_is_spoken_to_anew_and_the_call_made_then(tmp_path: Path, port: int) -> None:
    """It answers 404 to a session of its earlier life: nothing was done, so any call may be made again."""
    log = tmp_path / "log"
    async with server(by_url(port)) as desk:
        with capture_logs() as logs:
            with started("http", port, log):
                first = (await ask(desk, "order")).value
            with started("http", port, log):
                second = (await ask(desk, "order")).value
        assert pid_of(first) != pid_of(second)
        assert log.read_text().split() == ["order", "order"]
        events = [line["event"] for line in logs if line["event"].startswith("mcp_server")]
        assert events == ["mcp_server_away", "mcp_server_back"]


async def test_a_program_that_was_killed_is_started_anew_and_leaves_no_zombie(tmp_path: Path) -> None:
    async with server(by_program(tmp_path / "log")) as desk:
        first = pid_of((await ask(desk, "order")).value)
        os.kill(first, signal.SIGKILL)
        await until(lambda: not desk._connection.alive)
        second = pid_of((await ask(desk, "order")).value)
        assert second != first
        assert not exists(first)
    assert not exists(second)


@pytest.mark.parametrize(("tool", "repeatable", "made"), [("die_looking", True, 2), ("die_ordering", False, 1)])
async def test_what_dies_under_a_call_is_called_again_only_where_that_is_safe(
    tmp_path: Path, tool: str, repeatable: bool, made: int
) -> None:
    log = tmp_path / "log"
    async with server(by_program(log)) as desk:
        answer = await ask(desk, tool, repeatable=repeatable)
        assert log.read_text().split() == [tool] * made
        assert answer.fate is (Fate.DONE if repeatable else Fate.UNKNOWN)
        assert (await ask(desk, "look")).fate is Fate.DONE  # and it is there again


async def test_hints_say_what_may_be_repeated_and_all_pages_are_read(tmp_path: Path) -> None:
    async with server(by_program(tmp_path / "log")) as desk:
        assert await desk.ready()
        assert len(desk.tools) == 11
        repeatable = {tool.name for tool in desk.tools if tool.repeatable}
        assert repeatable == {"desk_look", "desk_die_looking"}
        assert "desk_a.dotted-name" in {tool.name for tool in desk.tools}


async def test_a_list_that_changes_is_read_again_and_the_same_list_keeps_its_tools(tmp_path: Path) -> None:
    async with server(by_program(tmp_path / "log")) as desk:
        await desk.ready()
        before = desk.tools
        await ask(desk, "learn")
        await until(lambda: desk.tools is not before)
        assert {tool.name for tool in desk.tools} - {tool.name for tool in before} == {"desk_learned"}


async def test_progress_lengthens_the_wait_and_silence_ends_it(tmp_path: Path) -> None:
    async with server(by_program(tmp_path / "log")) as desk:
        await desk.ready()
        desk._seconds = 1.2
        assert (await ask(desk, "slow")).value == "slow done"  # two seconds, with a word each quarter
        assert (await ask(desk, "silent")).fate is Fate.UNKNOWN


@pytest.mark.parametrize("kind", ["stdio", "http", "sse"])
@pytest.mark.parametrize("given_up", ["late", "superseded"])
async def test_a_call_that_is_given_up_is_cancelled_at_the_server(
    tmp_path: Path, port: int, kind: str, given_up: str
) -> None:
    log = tmp_path / "log"
    with contextlib.ExitStack() as stack:
        if kind != "stdio":
            stack.enter_context(started(kind, port, log))
        async with server(by_program(log) if kind == "stdio" else by_url(port)) as desk:
            assert await desk.ready()
            asking = asyncio.create_task(ask(desk, "silent", seconds=1.0 if given_up == "late" else 60))
            await until(lambda: log.exists() and "silent" in log.read_text())
            if given_up == "superseded":
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
            else:
                assert (await asking).fate is Fate.UNKNOWN
            await until(lambda: "given-up" in log.read_text())
            assert (await ask(desk, "look")).fate is Fate.DONE  # the session lives on
            assert log.read_text().split() == ["silent", "given-up", "look"]  # what was answered is not cancelled


async def test_a_program_that_reads_nothing_holds_nobody_up_when_a_call_is_given_up(tmp_path: Path) -> None:
    async with server(by_program(tmp_path / "log")) as desk:
        pid = pid_of((await ask(desk, "look")).value)
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        assert (await ask(desk, "look", seconds=0.5)).fate is Fate.UNKNOWN
        assert time.monotonic() - began < 20  # it would never end
        os.kill(pid, signal.SIGCONT)


async def test_what_is_no_text_is_named_and_what_is_structured_stays_so(tmp_path: Path) -> None:
    async with server(by_program(tmp_path / "log")) as desk:
        files = (await ask(desk, "files")).value
        assert files.split("\n") == [
            "words",
            "[image, image/png, 12 bytes, cannot be shown here]",
            "[audio, audio/wav, 12 bytes, cannot be shown here]",
            "[file, file:///a.txt, text/plain]",
            "the text",
            "[file, file:///b.pdf, application/pdf, 12 bytes, cannot be shown here]",
            "[link, https://x.example/m, manual, How to]",
        ]
        assert (await ask(desk, "facts")).value == {"price": 3, "attached": ["[link, https://x.example/a, more]"]}
        bad = await ask(desk, "bad")
        assert (bad.fate, "out of stock" in bad.value["error"]) == (Fate.FAILED, True)


ORPHAN = """
import asyncio, os, sys
from crews.tools.mcp.stdio import run_program
async def main():
    async with run_program([sys.executable, "-c", sys.argv[1]], {}):
        print("up", flush=True)
        await asyncio.sleep(3600)
asyncio.run(main())
"""
STUBBORN = "import os, time; open(os.environ['HOME'] + '/pid', 'w').write(str(os.getpid())); time.sleep(3600)"


async def test_a_program_dies_with_a_killed_worker_even_if_it_never_reads_its_input(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ORPHAN,
        STUBBORN,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    await until(lambda: pid_in(tmp_path / "pid") > 0)
    child = pid_in(tmp_path / "pid")
    parent.kill()
    await parent.wait()
    await until(lambda: not exists(child, zombie=False))


async def test_a_program_that_is_not_there_or_prints_nonsense_is_away(tmp_path: Path) -> None:
    nonsense = [sys.executable, "-c", "print('hello'); print('{\"x\": 1}'); print('x' * 9_000_000)"]
    for command, why in ((["/nonexistent/program"], "there is no program"), (nonsense, "longer than 4194304 bytes")):
        async with server({"mcp": {"desk": {"command": command, "timeout_ms": 10_000}}}) as desk:
            with capture_logs() as logs:
                assert not await desk.ready()
            assert why in logs[0]["error"]

"""Guides for operators: every command in them runs, on a whole installation; a backup is one, and is restored."""

import asyncio
import os
import re
import shlex
import shutil
import time
from pathlib import Path

import pytest

from chatwootai.stores import keys
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.installation.system import System
from tests.integration.ops.test_ops_jobs import Desk, settled
from workers.dead_letters import dead_letter

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "guides"
PAGES = ["operations.md", "service.md", *sorted(f"troubles/{page.name}" for page in (GUIDES / "troubles").glob("*.md"))]
_STREAMS = {"--watch", "--follow"}
_NOTHING = ("nothing", "has no sources")  # what a command may say that finds nothing to do


def commands(page: str, kind: str = "sh") -> list[str]:
    blocks = re.findall(rf"```{kind}\n(.*?)```", (GUIDES / page).read_text(encoding="utf-8"), re.DOTALL)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES)
async def test_every_command_of_the_guide_runs(system: System, page: str) -> None:
    environ = {"REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration), "OPENAI_API_KEY": "sk"}
    desk = Desk({**environ, **seed.environ(system.world, system.url("chatwoot"))})
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Vocês entregam?")
        await driver.wait_for_reply(sent)
        await settled(system, sent)
        (record,) = await driver.deliveries(event="message_created", sender="agent_bot", message=sent.message)
    conv, connection = f"1:{sent.conversation}", connect(system.redis_url)
    kept = (await ConversationHistories(connection).read(conv)).kept
    found = [line for line in commands(page) if line]
    assert found
    for line in found:
        own = line.replace("1:25", conv).replace("conversations/25", f"conversations/{sent.conversation}")
        program, *words = shlex.split(own, comments=True)
        words = [re.sub(r"^[0-9a-f]{8}-.*", record["delivery"], word) for word in words]
        assert program == "chatwootai", line
        await connection.set(keys.dead("gone"), dead_letter("gone", conv, "it failed", kept))
        await connection.zadd(keys.DEAD, {"gone": time.time() * 1000})
        await ran(desk, line, words)
        await settled(system, sent)
    await connection.aclose()


async def ran(desk: Desk, line: str, words: list[str]) -> None:
    """0, or 1 with a sentence; never called wrongly, never a traceback."""
    if not _STREAMS.isdisjoint(words):
        process = await desk.start(*words)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 10)
        process.terminate()
        await process.communicate()
        return
    said = await desk.says(*words, typed="y\n")
    for _ in range(600):
        if "another ingest" not in said.err:  # a worker's own, which this one waits for
            break
        await asyncio.sleep(0.2)
        said = await desk.says(*words, typed="y\n")
    assert said.code == 0 or (said.code == 1 and any(word in said.err for word in _NOTHING)), (line, said)
    assert "Traceback" not in said.err


async def test_a_backup_as_the_guide_makes_it_is_one(tmp_path: Path) -> None:
    """A server with an append-only file, written to; backed up while it runs, lost, restored."""
    program = shutil.which("redis-server")
    if program is None or shutil.which("redis-cli") is None:
        pytest.skip("redis-server and redis-cli are not here")
    data, socket, shims = tmp_path / "data", tmp_path / "redis.sock", tmp_path / "bin"
    for folder in (data, shims):
        folder.mkdir()
    (shims / "redis-cli").write_text(f'#!/bin/sh\nexec {shutil.which("redis-cli")} -s {socket} "$@"\n')
    (shims / "redis-cli").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{shims}:{os.environ['PATH']}",
        "REDIS_DIR": str(data),
        "BACKUP": str(tmp_path / "backup.tar.gz"),
    }
    options = ("--port", "0", "--unixsocket", str(socket), "--dir", str(data), "--appendonly", "yes", "--save", "")

    async def serve() -> asyncio.subprocess.Process:
        silent = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(program, *options, stdout=silent)
        connection = connect(f"unix://{socket}", retries=100)
        await connection.ping()
        await connection.aclose()
        return process

    async def shell(kind: str) -> None:
        script = "set -e\n" + "\n".join(commands("service.md", kind))
        process = await asyncio.create_subprocess_exec("sh", "-c", script, env=environ)
        assert await asyncio.wait_for(process.wait(), 60) == 0

    server = await serve()
    connection = connect(f"unix://{socket}")
    await connection.set("cw:before", "1")
    await shell("redis")
    assert (await connection.config_get("auto-aof-rewrite-percentage"))["auto-aof-rewrite-percentage"] == "100"
    await connection.set("cw:after", "1")
    await connection.aclose()
    server.kill()
    await server.wait()
    shutil.rmtree(data / "appendonlydir")
    await shell("restore")
    server = await serve()
    connection = connect(f"unix://{socket}")
    assert await connection.keys("cw:*") == [b"cw:before"]
    await connection.aclose()
    server.kill()
    await server.wait()

"""A worker that is set up wrongly says so in a sentence that names the variable, through a real process."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import aiohttp

from chatwootai.stores.server.embedded import Embedded
from sandbox.installation.processes import free_port

MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts:
  "1": {domain: retail, webhook_secrets: ["${SECRET}"], bot_token: "${TOKEN}"}
"""


def environment(folder: Path, **given: str) -> dict[str, str]:
    (folder / "domains/retail").mkdir(parents=True)
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING)
    (folder / "domains/retail/config.yaml").write_text("{}\n")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "CHATWOOT"))}
    said = {"CHATWOOTAI_CONFIG": str(folder), "SECRET": "a-secret-of-a-test", "TOKEN": "t", "CATCH_UP_HOURS": "0"}
    return {**own, **said, "JOURNAL_DIR": str(folder / "journal"), **given}


async def started(environ: dict[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "workers", stderr=pipe, stdout=pipe, env=environ)


async def test_a_port_that_is_taken_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "redis") as redis, socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        worker = await started(environment(tmp_path / "config", REDIS_URL=redis.url, WORKER_METRICS_PORT=port))
        _, said = await asyncio.wait_for(worker.communicate(), 90)
    text = said.decode()
    assert worker.returncode == 2, text
    assert "Traceback" not in text
    assert "WORKER_METRICS_PORT" in text.splitlines()[-1]


async def test_a_missing_model_key_is_said_at_the_start_and_by_the_probe(tmp_path: Path) -> None:
    port = free_port()
    with Embedded.start(tmp_path / "redis") as redis:
        given = {"REDIS_URL": redis.url, "WORKER_METRICS_PORT": str(port)}
        worker = await started(environment(tmp_path / "config", **given))
        try:
            line = await asyncio.wait_for(_event(worker, "model_key_missing"), 90)
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as response:
                model = (await response.json())["checks"]["model"]
        finally:
            worker.terminate()
            await worker.communicate()
    assert (line["level"], line["variable"]) == ("warning", "OPENAI_API_KEY")
    assert model["status"] == "degraded"
    assert "OPENAI_API_KEY is not set" in model["no_key"]


async def _event(worker: asyncio.subprocess.Process, name: str) -> dict[str, str]:
    assert worker.stderr is not None
    async for line in worker.stderr:
        if line.startswith(b"{") and json.loads(line).get("event") == name:
            found: dict[str, str] = json.loads(line)
            return found
    raise AssertionError(f"it ended without {name}")

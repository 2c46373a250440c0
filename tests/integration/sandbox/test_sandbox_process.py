"""`python -m sandbox.chatwoot` as a process: it says where it is, keeps its state, and leaves when told."""

import asyncio
import signal
import sys
from pathlib import Path

from sandbox.chatwoot.driver import Driver, Thread

ROOT = Path(__file__).resolve().parents[3]


async def _start(*arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.chatwoot", "--port", "0", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    return process, line.split()[-1]


async def _stop(process: asyncio.subprocess.Process) -> int:
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode is not None
    return process.returncode


async def test_it_serves_keeps_its_state_and_stops(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    process, url = await _start("--ingress", "http://127.0.0.1:9", "--state-file", state)
    async with Driver(url) as driver:
        sent = await driver.write(1, "whatsapp", "Oi")
        await driver.wait_for_status(sent, "open")
    assert await _stop(process) == 0
    process, url = await _start("--state-file", state)
    async with Driver(url) as driver:
        kept = await driver.state(Thread(1, sent.conversation))
    assert kept["messages"][0]["text"] == "Oi"
    assert kept["status"] == "open"
    assert await _stop(process) == 0


async def test_a_taken_port_is_said_plainly() -> None:
    process, url = await _start()
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.chatwoot", "--port", url.rpartition(":")[2],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    _, said = await asyncio.wait_for(second.communicate(), 30)
    assert second.returncode == 1
    assert said.decode().startswith("Cannot listen on 127.0.0.1:")
    await _stop(process)

"""Models: CPU of a one-agent crew's run, its whole stack included, against the bare openai call; stock and peers too.

The model is the sandbox's, instant, in a process of its own. Bare, ours and stock run in one other process, turn by
turn; peers in a process each, with the messages that ours sends. The least of all rounds counts: CPU time has no lucky
days, only disturbed ones.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from bench.beside import Peers
from bench.figure import Figure, best, compared, quantile
from bench.models import BARE, MESSAGES, OURS, STOCK
from chatwootai.stores.server.embedded import Embedded
from sandbox.installation.processes import Failed, Process, free_port, stop
from sandbox.llm.driver import Driver

_LONGEST = 180.0
_PLAINLY = "openai chat.completions.create, default client"
_PEERS = ("pydantic_ai", "openai_agents", "langgraph")
_ROUNDS, _RUNS = 7, 60

Took = dict[str, list[float]]


async def run(peers: Peers | None = None) -> list[Figure]:
    """Measure all cases.

    Raises:
        Failed: the measuring process ended with an error, or took too long.
    """
    with Embedded.start() as redis:
        async with _model() as url:
            took = await _measure("--base-url", f"{url}/v1", "--redis", redis.url)
            messages = json.dumps(took.pop(MESSAGES)).encode()
            if peers is not None:
                await _instant(url)
                took |= await _beside(peers, url, messages)
    return [*figures(took), *added(took)]


def figures(took: Took) -> list[Figure]:
    """Return ours, stock CrewAI's and each peer's that was measured, by the bare call."""
    return [
        best(f"models.{name}", "ms/run", took[name], took[BARE], _PLAINLY)
        for name in (OURS, STOCK, *_PEERS)
        if name in took
    ]


def added(took: Took) -> list[Figure]:
    """Return what fifty calls a second take beyond the model's own two seconds, ours by the bare call's."""
    found = []
    for share in (0.5, 0.95):
        ours, bare = (quantile(took[f"{name}.added"], share) for name in (OURS, BARE))
        figure = compared(f"models.added.p{100 * share:g}", "ms", [ours], [bare], f"{_PLAINLY}, 50/s")
        found.append(figure)
    return found


@asynccontextmanager
async def _model() -> AsyncIterator[str]:
    with TemporaryDirectory(prefix="chatwootai-bench-") as folder:
        port = free_port()
        arguments = ("--port", str(port), "--latency", "instant", "--median-length", "70")
        llm = Process("llm", "sandbox.llm", *arguments, environ={}, folder=Path(folder))
        try:
            llm.start()
            await llm.answers(f"http://127.0.0.1:{port}/sandbox/stats", 30)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop([llm])


async def _instant(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        await Driver(session, url).latency("instant")


async def _beside(peers: Peers, url: str, messages: bytes) -> Took:
    arguments = ("--base-url", f"{url}/v1", "--rounds", str(_ROUNDS), "--runs", str(_RUNS))
    found = {name: await peers.measured(name, *arguments, given=messages, seconds=_LONGEST) for name in _PEERS}
    return {name: measured["cpu"] for name, measured in found.items() if measured is not None}


async def _measure(*arguments: str) -> dict[str, list[Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.models",
        *arguments,
        "--rounds",
        str(_ROUNDS),
        "--runs",
        str(_RUNS),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complaints = await asyncio.wait_for(process.communicate(), _LONGEST)
    except TimeoutError:
        process.kill()
        raise Failed(f"measuring took more than {_LONGEST:g} s") from None
    if process.returncode:
        raise Failed(f"measuring ended with exit code {process.returncode}: {complaints.decode()[-500:]}")
    found: dict[str, list[Any]] = json.loads(said)
    return found

"""Models: CPU of a one-agent crew's run, the whole stack included, against the bare openai call; stock CrewAI beside.

The model is the sandbox's, instant, in a process of its own; all cases run in one other process, turn by turn. The
least of all rounds counts: CPU time has no lucky days, only disturbed ones.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from chatwootai.stores.embedded import Embedded
from sandbox.bench.figure import Figure, compared, quantile, rounded
from sandbox.bench.models import BARE, OURS, STOCK
from sandbox.processes import Failed, Process, free_port, stop

_LONGEST = 120.0
_PLAINLY = "openai chat.completions.create, default client"


async def run() -> list[Figure]:
    """Measure all cases.

    Raises:
        Failed: the measuring process ended with an error, or took too long.
    """
    with TemporaryDirectory(prefix="chatwootai-bench-") as folder, Embedded.start() as redis:
        port = free_port()
        arguments = ("--port", str(port), "--latency", "instant", "--median-length", "70")
        llm = Process("llm", "sandbox.llm", *arguments, environ={}, folder=Path(folder))
        try:
            llm.start()
            await llm.answers(f"http://127.0.0.1:{port}/sandbox/stats", 30)
            took = await _measured("--base-url", f"http://127.0.0.1:{port}/v1", "--redis", redis.url)
        finally:
            stop([llm])
    return [*figures({name: min(took[name]) for name in (BARE, OURS, STOCK)}), *added(took)]


def figures(least: dict[str, float]) -> list[Figure]:
    """Ours and stock CrewAI's, by the bare call."""
    against = f"{_PLAINLY}: {rounded(least[BARE])} ms"
    return [
        Figure(f"models.{name}", rounded(least[name]), "ms/run", against, round(least[name] / least[BARE], 3))
        for name in (OURS, STOCK)
    ]


def added(took: dict[str, list[float]]) -> list[Figure]:
    """What fifty calls a second take beyond the model's own two seconds, ours by the bare call's."""
    found = []
    for share in (0.5, 0.95):
        ours, bare = (quantile(took[f"{name}.added"], share) for name in (OURS, BARE))
        figure = compared(f"models.added.p{100 * share:g}", "ms", [ours], [bare], f"{_PLAINLY}, 50/s")
        found.append(figure)
    return found


async def _measured(*arguments: str) -> dict[str, list[float]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox.bench.models",
        *arguments,
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
    found: dict[str, list[float]] = json.loads(said)
    return found

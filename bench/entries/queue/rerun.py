"""Re-run after kill -9: from a worker's death to its jobs' first line on another, against arq's own 310 s."""

import asyncio
import signal
import time

from bench.figure import Figure, compared
from bench.queues import OURS, Bench, bench
from bench.worker import BEGUN
from chatwootai.stores.server.connection import Connection

_ROUNDS = 3
_ARQ_SECONDS = 310.0
"""Its in-progress key outlives the job's timeout of 300 s by 10; not measured anew each time."""


async def run() -> list[Figure]:
    """Kill a worker with a running job, three times."""
    waited = [await _wait_once() for _ in range(_ROUNDS)]
    plain = [_ARQ_SECONDS] * _ROUNDS
    return [compared("rerun.after_kill", "s", waited, plain, "arq's own worker, by its in-progress key")]


async def _wait_once() -> float:
    async with bench(OURS) as one:
        return await waited(one)


async def waited(one: Bench) -> float:
    """Measure how long the job of a worker that is killed waits for another worker, in seconds."""
    first = await one.work("--sleep", "60")
    await one.enqueue("shop:1")
    await one.begun(1, 10)
    await one.work("--sleep", "60")
    first.send(signal.SIGKILL)
    killed = time.time()
    return await _second(one, one.connection) - killed


async def _second(one: Bench, connection: Connection) -> float:
    await one.begun(2, 30)
    note = await connection.lindex(BEGUN, 1)  # type: ignore[misc]
    await asyncio.sleep(0)
    return float(note.decode().rpartition(" ")[2]) if note else float("inf")

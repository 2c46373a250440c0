"""Ingress: signed 2.5 kB webhooks a second and CPU a request, against a bare aiohttp handler.

Both are real processes, loaded in turns by a third over 32 kept-alive connections; ingress admits to a real Redis.
CPU is the server process's own (user and system), where /proc tells it.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwootai.stores.connection import connect
from sandbox.bench.figure import Figure, compared
from sandbox.processes import Failed, Process, free_port, stop
from sandbox.system import Plan, System

_LONGEST = 30.0
_PLAINLY = "bare aiohttp handler"
_SETTINGS = "rate_per_minute: 1000000\n"


@dataclass(slots=True)
class _Measured:
    per_second: list[float]
    cpu: list[float]  # microseconds a request


async def run(rounds: int = 5, requests: int = 4000) -> list[Figure]:
    """Measure both, a round each in turn."""
    system = System(Plan(workers=0, chatwoot=False, llm=None, settings=_SETTINGS))
    port = free_port()
    bare = Process("bare", "sandbox.bench.bare", "--port", str(port), environ={}, folder=system.folder)
    try:
        bare.start()
        await system.start()
        await bare.answers(f"http://127.0.0.1:{port}/readyz", 20)
        return await _rounds(
            system, {bare: port, system.processes["ingress"]: system.port("ingress")}, rounds, requests
        )
    finally:
        stop([bare])
        system.stop()


async def _rounds(system: System, ports: dict[Process, int], rounds: int, requests: int) -> list[Figure]:
    """Load each server in turn, and compare round by round; `ports` holds the plain one first."""
    measured = [_Measured([], []) for _ in ports]
    for number in range(rounds + 1):
        for (server, port), into in zip(ports.items(), measured, strict=True):
            per_second, cpu = await _load(server, port, requests, first=1_000_000 * (number + 1))
            if number:  # the first round warms both up
                into.per_second.append(per_second)
                into.cpu.append(cpu)
        await _empty(system.redis_url)
    plain, ours = measured
    figures = [compared("ingress.throughput", "requests/s", ours.per_second, plain.per_second, _PLAINLY)]
    if all(plain.cpu):
        figures.append(compared("ingress.cpu", "us/request", ours.cpu, plain.cpu, _PLAINLY))
    return figures


async def _load(server: Process, port: int, requests: int, first: int) -> tuple[float, float]:
    """Return requests a second and CPU microseconds a request.

    Raises:
        Failed: A request was not answered with 200.
    """
    before = _cpu_seconds(server.pid)
    result = await _loaded("--port", str(port), "--requests", str(requests), "--first", str(first))
    spent = _cpu_seconds(server.pid) - before
    if result["statuses"] != {"200": requests}:
        raise Failed(f"{server.name} answered {result['statuses']}; its log ends:\n{server.tail()}")
    return requests / result["seconds"], spent / requests * 1e6


async def _loaded(*arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.bench.load", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), _LONGEST)
    except TimeoutError:
        process.kill()
        raise Failed(f"a round of load took more than {_LONGEST:g} s") from None
    if process.returncode:
        raise Failed(f"the load ended with exit code {process.returncode}")
    result: dict[str, Any] = json.loads(said)
    return result


def _cpu_seconds(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _empty(url: str) -> None:
    """Forget the round: the next meets the same Redis."""
    connection = connect(url)
    await connection.flushall()
    await connection.aclose()

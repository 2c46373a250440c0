"""Ingress: signed 2.5 kB webhooks a second and CPU a request, against bare aiohttp handlers.

All are real processes, loaded in turns by another over 32 kept-alive connections; ingress admits to a real Redis. One
handler only says yes; the other reads, checks, parses and stores with one write through redis-py, plainly written.
CPU is the server process's own (user and system, all threads), where /proc tells it: the least of all rounds, since
whatever else runs on the machine only adds to it.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figure import Figure, best, compared
from chatwootai.stores.server.connection import connect
from sandbox.installation.processes import Failed, Process, free_port, stop
from sandbox.installation.system import Plan, System

_LONGEST = 120.0
_PLAINLY = "bare aiohttp handler"
_STORING = "plain handler with HMAC, JSON and redis-py"
_SETTINGS = "rate_per_minute: 1000000\n"


@dataclass(slots=True)
class _Served:
    """A server and what was measured of it, a value a round; CPU in microseconds a request."""

    process: Process
    port: int
    per_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


async def run(rounds: int = 5, requests: int = 4000) -> list[Figure]:
    """Measure all three, a round each in turn."""
    system = System(Plan(workers=0, chatwoot=False, llm=None, settings=_SETTINGS))
    bare = _bare(system, "bare")
    served = [bare]
    try:
        bare.process.start()
        await system.start()
        secret = next(bot.secret for bot in system.world.agent_bots.values() if bot.account_id == 1)
        storing = _bare(system, "storing", "--redis", system.redis_url, "--secret", secret)
        served.append(storing)
        storing.process.start()
        for one in served:
            await one.process.answers(f"http://127.0.0.1:{one.port}/readyz", 60)
        ours = _Served(system.processes["ingress"], system.port("ingress"))
        await _rounds(system.redis_url, [bare, storing, ours], rounds, requests)
        return _figures(bare, storing, ours)
    finally:
        stop([one.process for one in served])
        system.stop()


def _bare(system: System, name: str, *arguments: str) -> _Served:
    port = free_port()
    given = ("--port", str(port), *arguments)
    return _Served(Process(name, "bench.bare", *given, environ={}, folder=system.folder), port)


async def _rounds(redis_url: str, served: list[_Served], rounds: int, requests: int) -> None:
    for number in range(rounds + 1):
        for one in served:
            per_second, cpu = await _load(one.process, one.port, requests, first=1_000_000 * (number + 1))
            if number:  # the first round warms them up
                one.per_second.append(per_second)
                one.cpu.append(cpu)
            await _empty(redis_url)


def _figures(bare: _Served, storing: _Served, ours: _Served) -> list[Figure]:
    figures = [compared("ingress.throughput", "requests/s", ours.per_second, bare.per_second, _PLAINLY)]
    if all(bare.cpu):
        figures.append(best("ingress.cpu", "us/request", ours.cpu, bare.cpu, _PLAINLY))
        figures.append(best("ingress.cpu.stored", "us/request", ours.cpu, storing.cpu, _STORING))
    return figures


async def _load(server: Process, port: int, requests: int, first: int) -> tuple[float, float]:
    """Return requests a second and CPU microseconds a request.

    Raises:
        Failed: A request was not answered with 200.
    """
    before = _cpu_seconds(server.pid)
    result = await _measure_load("--port", str(port), "--requests", str(requests), "--first", str(first))
    spent = _cpu_seconds(server.pid) - before
    if result["statuses"] != {"200": requests}:
        raise Failed(f"{server.name} answered {result['statuses']}; its log ends:\n{server.tail()}")
    return requests / result["seconds"], spent / requests * 1e6


async def _measure_load(*arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", *arguments, stdout=asyncio.subprocess.PIPE
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
    """Return what all threads of a process have used; from the scheduler in nanoseconds, or else in ticks."""
    threads = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
    if threads:
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
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

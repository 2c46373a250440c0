"""A peer's worker under the load that ours gets: jobs that do nothing but begin, all of them there before it starts."""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop

_WARM = 200
"""Jobs until everything is warm: connections, scripts, caches."""


class Race:
    """`jobs` of them, of which the last all but a few count."""

    def __init__(self, url: str, jobs: int, slots: int) -> None:
        self.url, self.jobs, self.slots = url, jobs, slots
        self.over = asyncio.Event()
        self._begun: list[float] = []
        self._cpu: list[float] = []

    def begin(self) -> None:
        """Note that a job begins now."""
        self._begun.append(time.perf_counter())
        if len(self._begun) in {_WARM, self.jobs}:
            self._cpu.append(spent())
        if len(self._begun) == self.jobs:
            self.over.set()

    def result(self) -> dict[str, float]:
        """Return jobs a second and CPU microseconds a job, of this process."""
        counted = self.jobs - _WARM
        seconds = self._begun[self.jobs - 1] - self._begun[_WARM - 1]
        return {"per_second": counted / seconds, "cpu": (self._cpu[1] - self._cpu[0]) / counted * 1e6}


def spent() -> float:
    """Return seconds of CPU that this process has used, user and system, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(peer: Callable[[Race], Awaitable[None]]) -> None:
    """Run a peer until its last job has begun, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--redis", required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--slots", type=int, required=True)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        sys.stdout.write(f"{json.dumps(loop.run(_race(peer, given)))}\n")


async def _race(peer: Callable[[Race], Awaitable[None]], given: argparse.Namespace) -> dict[str, float]:
    race = Race(given.redis, given.jobs, given.slots)
    await peer(race)
    return race.result()

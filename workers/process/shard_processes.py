"""The parent of a worker of several shards: a child process for each, started again when it ends unexpectedly."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chatwootai.stores.server.embedded import dies_with_us
from chatwootai.stores.server.shards import Shard
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import ended, set_within

CANNOT_START: Final = 2
"""A worker's exit code where its environment or configuration is wrong."""
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before a child is started again: the first after it had lived for longer than the last."""
_log = log.get("workers.shards")


@dataclass(frozen=True, slots=True)
class Child:
    """One child's part: its shard, and the port of its probes and metrics (0: a free one)."""

    shard: Shard
    port: int

    def environ(self, ours: Mapping[str, str]) -> dict[str, str]:
        """Return the environment in which `python -m workers` serves this shard alone."""
        return {**ours, "WORKER_SHARDS": self.shard.name, "WORKER_METRICS_PORT": str(self.port)}


def children(shards: tuple[Shard, ...], port: int) -> list[Child]:
    """Return a child for each shard; they take `port` and those behind it, in the order of the shards."""
    return [Child(shard, port + place if port else 0) for place, shard in enumerate(shards)]


class ShardProcesses:
    """The children of one parent. `arguments`: of each child's command line."""

    def __init__(self, shards: tuple[Shard, ...], port: int, environ: Mapping[str, str], arguments: list[str]) -> None:
        self._children = children(shards, port)
        self._environ = environ
        self._arguments = arguments
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._refused: set[str] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Keep all children running until SIGTERM or SIGINT; each signal is passed on.

        Returns 0 after an orderly stop; 2 where no child could start as environment or configuration are.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        keeping = [asyncio.create_task(self._keep(child), name=child.shard.name) for child in self._children]
        try:
            codes = await asyncio.gather(*keeping)
        finally:
            await ended(*keeping)
        return CANNOT_START if len(self._refused) == len(self._children) else max(codes)

    def _stop(self) -> None:
        self._stopping.set()
        for process in self._running.values():
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)

    async def _keep(self, child: Child) -> int:
        """Run a child for as long as we run; return its last exit code, 0 where it was not running at the end."""
        failures = 0
        while True:
            begun = time.monotonic()
            code = await self._run(child)
            if self._stopping.is_set():
                return code
            self._note_refusal(child, code)
            failures = 0 if time.monotonic() - begun > _PAUSES[-1] else failures
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
            failures += 1
            _log.error("shard_worker_ended", shard=child.shard.name, code=code, again_in=pause)
            if await set_within(self._stopping, pause):
                return 0

    def _note_refusal(self, child: Child, code: int) -> None:
        """Stop where none of them could start: an orchestrator is to see that."""
        if code == CANNOT_START:
            self._refused.add(child.shard.name)
        else:
            self._refused.discard(child.shard.name)
        if len(self._refused) == len(self._children):
            self._stop()

    async def _run(self, child: Child) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "workers", *self._arguments,
            env=child.environ(self._environ),
            start_new_session=True,  # Ctrl-C reaches it through us alone, once
            preexec_fn=dies_with_us(),
        )  # fmt: skip
        name = child.shard.name
        self._running[name] = process
        _log.info("shard_worker_started", shard=name, pid=process.pid, port=child.port)
        if self._stopping.is_set():  # it came while this one was being started
            process.send_signal(signal.SIGTERM)
        try:
            return await process.wait()
        finally:
            del self._running[name]


def keep_children(shards: tuple[Shard, ...], port: int, *, strict: bool) -> int:
    """Serve several shards until told to stop; return the exit code."""
    arguments = ["--strict"] if strict else []
    return asyncio.run(ShardProcesses(shards, port, os.environ, arguments).run())

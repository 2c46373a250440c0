"""Cases that a publish demands: run in a process of their own, one configuration at a time, and then published or not.

The process is the one that `config publish` would be, on this machine, with the cases of this console's folder.
"""

import asyncio
import base64
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.stores.server.embedded import dies_with_us
from chatwootai.telemetry import log
from config.files.packing import pack
from config.files.sources import Sources
from ops.access import CommandError

FOLDER: Final = ""
"""The key of a run of the folder; a draft's is that of its account."""
_SECONDS: Final = 600.0
_MOST_FAILED: Final = 50
_log = log.get("console")

Publish = Callable[[str], Awaitable[list[str]]]
"""Puts in force what has this digest, and returns what was done, a sentence each."""


@dataclass(slots=True)
class GateRun:
    """One run. `state`: running, published, red (cases are not green), failed (it could not be done).

    `done` of `of` cases of the set `place` have run; `failed`: cases that did not pass; `told`: what came of it.
    """

    by: str
    at: float
    state: str = "running"
    place: str = ""
    done: int = 0
    of: int = 0
    failed: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as `GET /api/drafts/{account}` and `GET /api/configuration` have it."""
        return {
            "state": self.state, "by": self.by, "at": self.at, "set": self.place or None, "done": self.done,
            "of": self.of, "failed": list(self.failed), "told": list(self.told),
        }  # fmt: skip

    def hear(self, said: dict[str, Any]) -> list[str] | None:
        """Take a line of the process; return why the gate is closed once it says so, an empty list where it is open."""
        if "reasons" in said:
            return [str(one) for one in said["reasons"]]
        self.place, self.done, self.of = str(said["set"]), int(said["done"]), int(said["of"])
        if said["state"] != "passed" and len(self.failed) < _MOST_FAILED:
            self.failed.append(f"{said['case']}: {said['state']}")
        return None


class GateRuns:
    """The runs of one console, the last of each key. They end with it: nothing is published then."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._runs: dict[str, GateRun] = {}
        self._task: asyncio.Task[None] | None = None

    def last(self, key: str) -> GateRun | None:
        """Return the last run of a key; None where there was none."""
        return self._runs.get(key)

    def forget(self, key: str) -> None:
        """Forget what came of the last run of a key, unless it is still under way."""
        if (run := self._runs.get(key)) and run.state != "running":
            del self._runs[key]

    def start(self, key: str, sources: Sources, accounts: Sequence[str], by: str, publish: Publish) -> None:
        """Run the sets that these accounts demand with a configuration; publish it once they are green.

        Raises:
            CommandError: another run is under way.
        """
        if self._task is not None and not self._task.done():
            raise CommandError("cases are being run already: wait until that is done")
        run = self._runs[key] = GateRun(by, time.time())
        self._task = asyncio.create_task(self._run(run, sources, accounts, publish))

    async def _run(self, run: GateRun, sources: Sources, accounts: Sequence[str], publish: Publish) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                reasons = await self._judge(run, sources, accounts)
            run.told, run.state = reasons, "red"
            if not reasons:
                run.told, run.state = await publish(sources.digest()), "published"
        except (CommandError, StoreUnavailable, TimeoutError, OSError) as error:
            run.told, run.state = [str(error) or "it took too long"], "failed"
        except Exception:  # noqa: BLE001 - a run that nobody awaits must not stay "running"; the log has it
            run.told, run.state = ["it failed; the console's log says why"], "failed"
            _log.exception("console_gate_failed", by=run.by)

    async def _judge(self, run: GateRun, sources: Sources, accounts: Sequence[str]) -> list[str]:
        """Return why the gate is closed, as the process says.

        Raises:
            CommandError: it ended without a word on it.
        """
        packed = base64.b64encode(await asyncio.to_thread(pack, sources, os.environ)).decode()
        asked = {"configuration": str(self._config), "sources": packed, "accounts": list(accounts)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ops.evaluation.publishing", stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
            limit=1 << 20, preexec_fn=_beside,
        )  # fmt: skip
        try:
            if process.stdin is not None and process.stdout is not None:  # both are pipes
                process.stdin.write(orjson.dumps(asked))
                process.stdin.close()
                async for line in process.stdout:
                    if (reasons := run.hear(orjson.loads(line))) is not None:
                        return reasons
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
        raise CommandError("the process that runs the cases ended without a result: `chatwootai eval run` says why")


def _beside() -> None:
    """Let whatever else runs here go first, and end with the console."""
    os.nice(5)
    if dies := dies_with_us():
        dies()

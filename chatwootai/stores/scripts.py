"""Lua scripts from lua/, run by digest; all that is asked for in one tick of the event loop shares one write."""

import asyncio
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from chatwootai.stores.connection import Connection, store_errors

Argument = str | bytes | int | float

_UNDER_WAY = 2
_MOST_IN_ONE = 256


class Script:
    """One file of lua/, with the shared queue.lua before it, and its SHA-1 as Redis knows it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.source = _read("queue.lua") + _read(f"{name}.lua")
        self.digest = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()


@cache
def script(name: str) -> Script:
    """The script of that name, read once."""
    return Script(name)


def _read(name: str) -> str:
    return files("chatwootai.stores").joinpath("lua", name).read_text(encoding="utf-8")


_Call = tuple[Script, tuple[Argument, ...], asyncio.Future[Any]]


class Runner:
    """Runs scripts on one connection pool; who uses the same pool shares the runner (`Runner.of`).

    A round trip through redis-py costs ten times what Redis needs for the script, so the calls of one tick travel in
    one pipeline, and while two are under way the next one gathers. A pipeline is no transaction: each script is atomic
    by itself, and each caller gets its own answer or its own error.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._waiting: list[_Call] = []
        self._senders: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._scheduled = False

    @classmethod
    def of(cls, connection: Connection) -> "Runner":
        """The runner of a connection pool; it hangs on the connection and lives exactly as long."""
        runner: Runner = vars(connection).setdefault("_chatwootai_runner", cls(connection))
        return runner

    async def run(self, name: str, *arguments: Argument) -> Any:
        """Run a script; all names of keys travel as arguments and are built inside (no Cluster: arq has none).

        Raises:
            StoreUnavailable: Redis is away; the script may or may not have run.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((script(name), arguments, future))
        if not self._scheduled and self._under_way < _UNDER_WAY:
            self._scheduled = True
            loop.call_soon(self._start)
        with store_errors():
            return await future

    def _start(self) -> None:
        self._scheduled = False
        if self._waiting:
            self._under_way += 1
            task = asyncio.get_running_loop().create_task(self._send_all())
            self._senders.add(task)
            task.add_done_callback(self._senders.discard)

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await self._send_some()
        finally:
            self._under_way -= 1  # in the same step that saw nothing waiting: whoever comes next schedules again

    async def _send_some(self) -> None:
        batch, self._waiting = self._waiting[:_MOST_IN_ONE], self._waiting[_MOST_IN_ONE:]
        try:
            answers = await self._send([(one, arguments) for one, arguments, _ in batch])
        except Exception as error:  # noqa: BLE001 - each caller gets it, and decides
            answers = [error] * len(batch)
        except BaseException:
            for _, _, future in batch:
                future.cancel()
            raise
        for (_, _, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)

    async def _send(self, calls: list[tuple[Script, tuple[Argument, ...]]]) -> list[Any]:
        answers = await self._pipeline(calls, by_digest=True)
        unknown = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:  # Redis was restarted or flushed its scripts: send the sources along
            again = await self._pipeline([calls[index] for index in unknown], by_digest=False)
            for index, answer in zip(unknown, again, strict=True):
                answers[index] = answer
        return answers

    async def _pipeline(self, calls: list[tuple[Script, tuple[Argument, ...]]], *, by_digest: bool) -> list[Any]:
        pipeline = self.connection.pipeline(transaction=False)
        for one, arguments in calls:
            if by_digest:
                pipeline.execute_command("EVALSHA", one.digest, 0, *arguments)
            else:
                pipeline.execute_command("EVAL", one.source, 0, *arguments)
        return list(await pipeline.execute(raise_on_error=False))


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():  # its caller was cancelled; what the script did stands
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)

"""Lua scripts of the rooms, run by digest; all that is asked for in one tick of the event loop shares one write."""

import hashlib
import re
import time
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import structlog
from hiredis import pack_command
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from chatwootai.stores import lifetimes
from chatwootai.stores.server.connection import Connection, StoreMisused, store_errors
from chatwootai.stores.server.pipe import Pipe
from chatwootai.stores.server.state import state_of

Argument = str | bytes | int | float

_FULL: Final = "#!lua flags=allow-oom\n"
_RUNS_FULL: Final = "\n-- runs in a full Redis\n"
_ROUTE: Final = re.compile(
    r"^-- KEYS 1 cw:\{(?:all\}$|account\}, (of the conv in|of the job in|of) ARGV (\d+)\b)", re.MULTILINE
)
_NAMES: Final = re.compile(r"^-- ARGV ((?:[a-z_]+(?: |$))*)([a-z_]+\.\.\.)?$", re.MULTILINE)
_SHARED: Final = "queue"
_ALL: Final = "cw:{all}"
_AGAIN_SECONDS: Final = 60.0
_said: dict[str, float] = {}
"""When each script's failure was last written to the log."""
_log = structlog.get_logger(__name__)


class Script:
    """One file of a room's lua/, with the shared queue.lua before it, and its SHA-1 as Redis knows it.

    Of its head are read: `-- KEYS 1 cw:{account}, ...`, the routing key that each call names; `-- ARGV conv job ...`,
    its arguments in their order, of which the last may be `entries...` for any number of them; `-- runs in a full
    Redis` for what empties one (Redis checks memory before such a script, by the flags on its first line, instead of
    at each command).
    """

    def __init__(self, name: str) -> None:
        self.name = name
        own = _read_script(f"{name}.lua")
        self.source = (_FULL if _RUNS_FULL in own else "") + _lifetimes() + _read_script(f"{_SHARED}.lua") + own
        self.digest = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        routed = _ROUTE.search(own)
        if routed is None:
            raise ValueError(f"{name}.lua names no routing key")
        self._of, self._at = routed[1], int(routed[2] or 0) - 1
        found = _NAMES.findall(own)
        self.names = tuple(" ".join(several for several, _ in found).split())
        self._open = bool(found and found[-1][1])

    def ordered(self, named: Mapping[str, Argument], rest: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Return a call's arguments in the order of the script's head; unnamed ones are the last, of any number.

        Raises:
            TypeError: a name is missing, is not the script's, or there is nothing that unnamed ones could be.
        """
        if not named:
            return rest
        if len(named) != len(self.names) or (rest and not self._open):
            raise TypeError(f"{self.name}.lua takes {', '.join(self.names)}, not {', '.join(named)}")
        try:
            return (*[named[name] for name in self.names], *rest)
        except KeyError as error:
            raise TypeError(f"{self.name}.lua is not given {error}") from None

    def key(self, arguments: tuple[Argument, ...]) -> str:
        """Return the routing key of a call: all that is one account's could lie on one server of several."""
        if self._at < 0 or self._at >= len(arguments):
            return _ALL
        named = arguments[self._at]
        if not isinstance(named, str):
            named = named.decode("utf-8", "replace") if isinstance(named, bytes) else str(named)
        return f"cw:{{{_account(self._of, named)}}}"


def _account(of: str, named: str) -> str:
    if of == "of the conv in":
        return named.rpartition(":")[0]
    if of == "of the job in":  # turn:<account>:<conversation>:<number>
        return named.removeprefix("turn:").rpartition(":")[0].rpartition(":")[0] or "all"
    return named.partition(":")[0]


@cache
def script(name: str) -> Script:
    """Return the script of that name, read once."""
    return Script(name)


@cache
def sources() -> Mapping[str, Traversable]:
    """Return every script's file by its name: a script lies in the room that runs it, and no two share a name."""
    folders = [room.joinpath("lua") for room in files("chatwootai.stores").iterdir() if room.is_dir()]
    return {file.name: file for folder in folders if folder.is_dir() for file in folder.iterdir()}


def names() -> list[str]:
    """Return the names of all scripts."""
    return sorted(name for file in sources() if (name := file.removesuffix(".lua")) != _SHARED)


def _lifetimes() -> str:
    """Return the lifetimes that scripts know by name, as Lua without a line's end: errors name the lines of files."""
    values = ", ".join(f"'{ms}'" for ms in lifetimes.IN_SCRIPTS.values())
    return f"local {', '.join(lifetimes.IN_SCRIPTS)} = {values} "


def _read_script(name: str) -> str:
    return sources()[name].read_text(encoding="utf-8")


class Runner:
    """Runs scripts over the pipe of one client; who uses the same client shares the runner (`Runner.of`).

    Calls that share a write are no transaction: each script is atomic by itself, and each caller gets its own answer
    or its own error.
    """

    def __init__(self, connection: Connection) -> None:
        self._pipe = Pipe(connection)
        self._connection = connection
        self._outage = state_of(connection).outage
        self._retry: Retry = connection.connection_pool.connection_kwargs.get("retry") or Retry(NoBackoff(), 0)

    @classmethod
    def of(cls, connection: Connection) -> "Runner":
        """Return the runner of a client; it is kept on the client and lives exactly as long."""
        runner: Runner = vars(connection).setdefault("_chatwootai_runner", cls(connection))
        return runner

    async def run(self, script_name: str, *rest: Argument, **named: Argument) -> Any:
        """Run a script. Its routing key is named here; all other keys are built inside (no Cluster: arq has none).

        Args:
            script_name: the file's, without `.lua`.
            rest: the arguments that its head has no names for; all of them where nothing is named.
            named: those that it has names for.

        Raises:
            TypeError: they are not the script's.
            StoreUnavailable: Redis is away; the script may or may not have run.
            StoreMisused: the script met what it should not; said in the log once a minute, with its name.
        """
        called = script(script_name)
        arguments = called.ordered(named, rest)
        try:
            answer = await self._pipe.call(_pack("EVALSHA", called.digest, 1, called.key(arguments), *arguments))
        except Exception as error:  # noqa: BLE001 - looked at there
            return await self._again(called, arguments, error)
        self._outage.note_answer()
        return answer

    async def send(self, *command: Argument) -> Any:
        """Send one plain command that may be sent twice; its answer. What every turn does is quicker here.

        Raises:
            StoreUnavailable: Redis is away; the command may or may not have run.
        """
        packed = _pack(*command)
        try:
            answer = await self._pipe.call(packed)
        except RedisError:
            with store_errors(self._connection):
                return await self._retry.call_with_retry(lambda: self._pipe.call(packed), _nothing)
        self._outage.note_answer()
        return answer

    async def _again(self, called: Script, arguments: tuple[Argument, ...], error: Exception) -> Any:
        """Run a script again, as often as the client retries; with its source where Redis does not know it."""
        failed = [error]

        async def attempt() -> Any:
            try:
                if failed:
                    raise failed.pop()
                return await self._pipe.call(_pack("EVALSHA", called.digest, 1, called.key(arguments), *arguments))
            except ResponseError as refused:
                if not str(refused).startswith("NOSCRIPT"):
                    raise
                return await self._pipe.call(_pack("EVAL", called.source, 1, called.key(arguments), *arguments))

        try:
            with store_errors(self._connection):
                return await self._retry.call_with_retry(attempt, _nothing)
        except StoreMisused as misused:
            named = StoreMisused(misused.reason, called.name)
            _say(called.name, misused.reason)
            raise named from misused.__cause__


async def _nothing(_error: RedisError) -> None:
    """Do nothing between two tries: a broken pipe connects by itself."""


def _say(name: str, reason: str) -> None:
    now = time.monotonic()
    if now - _said.get(name, -_AGAIN_SECONDS) >= _AGAIN_SECONDS:
        _said[name] = now
        _log.error("script_failed", script=name, error=reason)


def _pack(*parts: Argument) -> bytes:
    command: bytes = pack_command(parts)  # type: ignore[arg-type]  # its stub knows tuples of one only
    return command

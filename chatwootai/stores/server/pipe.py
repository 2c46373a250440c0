"""One connection for all scripts of a process: the calls of a tick leave in one write, answers come back in order.

redis-py makes the connection (address, TLS, password, database, sentinel); the bytes on it are ours, because a round
trip through redis-py costs more than all else that a door does with a message.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, cast

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry import log

_SECONDS: Final = 5.0
_STALL: Final = 0.1
_INCOMPLETE: Final = object()
_DEMOTED: Final = ("READONLY", "NOREPLICAS", "MASTERDOWN")
"""It was the primary when we came, and is it no longer or not for everybody: connecting anew asks the sentinels."""


class _Call(NamedTuple):
    command: bytes
    answer: asyncio.Future[Any]


class Pipe:
    """Sends packed commands, and connects when there is something to send. Nothing is tried twice: callers decide."""

    def __init__(self, connection: Connection) -> None:
        self._pool = connection.connection_pool
        self._seconds = self._pool.connection_kwargs.get("socket_timeout") or _SECONDS
        self._waiting: list[_Call] = []
        self._scheduled = False
        self._socket: AbstractConnection | None = None
        self._line: _Line | None = None
        self._connecting: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Tell whether there is a connection, as far as is known."""
        return self._line is not None and self._line.open

    def call(self, command: bytes) -> asyncio.Future[Any]:
        """Send `command` at the end of this tick. The future gets its answer; a ResponseError is raised by it.

        It fails with a RedisError when there is no connection to be had, when it breaks, and when no
        answer comes for as long as the connection's timeout: whether the command ran is unknown then.
        """
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._waiting.append(_Call(command, answer))
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._flush)
        return answer

    def _flush(self) -> None:
        self._scheduled = False
        if self._line is not None and self._line.open:
            calls, self._waiting = self._waiting, []
            self._line.send(calls)
        elif self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect(), context=log.own_context())

    async def _connect(self) -> None:
        try:
            self._line = await self._new_line()
        except Exception as error:  # noqa: BLE001 - each caller gets it, and decides
            self._fail(error)
        except BaseException:
            self._fail(RedisConnectionError("closed while connecting"))
            raise
        finally:
            self._connecting = None
        if self._waiting:
            self._flush()

    def _fail(self, error: Exception) -> None:
        calls, self._waiting = self._waiting, []
        _fail(calls, error)

    async def _new_line(self) -> "_Line":
        if self._socket is None:  # it stays the pool's: who closes the client closes it
            self._socket = self._pool.get_available_connection()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        await self._socket.disconnect(nowait=True)
        await self._socket.connect()
        writer = self._socket._writer  # redis-py has no public name for the transport
        if writer is None:  # closed by someone else meanwhile
            raise RedisConnectionError("closed while connecting")
        return _Line(cast(asyncio.Transport, writer.transport), self._seconds)


class _Line(asyncio.Protocol):
    """One live connection. What it was before is told of its end, so that redis-py can close it."""

    def __init__(self, transport: asyncio.Transport, seconds: float) -> None:
        self._transport = transport
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._pending: deque[_Call] = deque()
        self._reader = hiredis.Reader(replyError=ResponseError, notEnoughData=_INCOMPLETE)
        self._heard = 0.0  # when the last answer came, or the first question went out
        self._watch: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._former = transport.get_protocol()
        transport.set_protocol(self)
        self.open = not transport.is_closing()  # else it breaks before it is used, and nobody tells

    def send(self, calls: list[_Call]) -> None:
        if not self._pending:
            self._heard = self._loop.time()
        self._pending.extend(calls)
        if self._watch is None:  # first of all: whatever happens, these calls end
            self._look_in(self._seconds)
        self._transport.write(b"".join([call.command for call in calls]))

    def _look_in(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        self._watch = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._watch = None
        now = self._loop.time()
        left = self._heard + self._seconds - now
        stalled = now > self._due + _STALL  # it was us who did not listen: the answer may lie in the socket
        if self._pending and left <= 0 and not stalled:
            self._end(RedisTimeoutError(f"no answer within {self._seconds:g} s"))
        elif self._pending:
            self._look_in(max(left, _STALL))

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not _INCOMPLETE:
                self._settle(answer)
        except (hiredis.ProtocolError, IndexError):  # no answer at all, or one that nobody asked for
            self._end(RedisConnectionError("what came is no answer"))

    def _settle(self, answer: Any) -> None:
        future = self._pending.popleft().answer
        if future.done():  # its caller was cancelled; what the command did stands
            return
        if not isinstance(answer, Exception):
            future.set_result(answer)
            return
        future.set_exception(answer)
        if str(answer).startswith(_DEMOTED):
            self._end(RedisConnectionError("the server became a replica"))

    def _end(self, error: Exception) -> None:
        self.open = False
        self._transport.abort()
        calls, self._pending = self._pending, deque()
        _fail(calls, error)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.open:
            self._end(RedisConnectionError(f"the connection broke: {exc}" if exc else "the connection was closed"))
        if self._watch is not None:
            self._watch.cancel()
        self._former.connection_lost(exc)


def _fail(calls: Iterable[_Call], error: Exception) -> None:
    """Each caller gets an error of its own: a shared one would gather the tracebacks of all."""
    for call in calls:
        if not call.answer.done():
            call.answer.set_exception(type(error)(str(error)) if isinstance(error, RedisError | OSError) else error)

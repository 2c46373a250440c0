"""A relay before a real Redis that can refuse: it answers commands with an error line of one's choice.

It stands where the error cannot be had from a server on demand: a hosted plan's limit, a cluster's, a failed EXEC.
What was passed on before is answered first, so that every caller gets the answer to its own command.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import hiredis

from sandbox.installation.processes import free_port

_LOGIN = frozenset({b"AUTH", b"HELLO", b"SELECT", b"CLIENT", b"PING", b"QUIT"})
"""What a Redis that refuses scripts still answers."""
_SUBSCRIBE = frozenset({b"SUBSCRIBE", b"UNSUBSCRIBE"})
SCRIPTS = frozenset({b"EVALSHA", b"EVAL"})


class Refusing:
    """Listens on a port of its own, in a thread of its own; `upstream` is the path of a server's unix socket."""

    def __init__(self, upstream: str) -> None:
        self.port = free_port()
        self.refused = 0
        self._upstream = upstream
        self._error: bytes | None = None
        self._only: frozenset[bytes] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """What to set REDIS_URL to."""
        return f"redis://127.0.0.1:{self.port}/0"

    def refuse(self, error: str, only: Iterable[bytes] | None = None) -> None:
        """Answer with `error` from now on: the commands `only`, or (None) all but what a login takes."""
        self._only = frozenset(only) if only is not None else None
        self._error = error.encode()

    def allow(self) -> None:
        """Pass everything on again."""
        self._error = None

    def __enter__(self) -> Self:
        self._thread.start()
        opening = asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self._listening = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async def end() -> None:
            self._listening.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # closed sockets are let go in the loop's next round

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_unix_connection(self._upstream)
        except OSError:
            writer.close()
            return
        link = _Link(self, writer, upstream[1])
        back = asyncio.create_task(link.bring_back(upstream[0]))
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while (command := await _command(reader)) is not None:
                    await link.take(*command)
        finally:
            back.cancel()
            for end in (writer, upstream[1]):
                end.close()

    def answer_to(self, name: bytes) -> bytes | None:
        """The error line for a command, or None to pass it on."""
        if self._error is None or name in _LOGIN or (self._only is not None and name not in self._only):
            return None
        self.refused += 1
        return b"-" + self._error + b"\r\n"


class _Link:
    """One client's connection, and the server's end of it."""

    def __init__(self, relay: Refusing, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._relay = relay
        self._client, self._server = client, server
        self._under_way = 0
        self._all_back = asyncio.Event()
        self._replies = hiredis.Reader(notEnoughData=Ellipsis, replyError=str)
        self._subscribed = False

    async def take(self, name: bytes, raw: bytes) -> None:
        refusal = self._relay.answer_to(name)
        if refusal is None:
            self._subscribed = self._subscribed or name in _SUBSCRIBE
            self._under_way += 1
            self._all_back.clear()
            self._server.write(raw)
            return
        if self._under_way and not self._subscribed:
            await self._all_back.wait()
        self._client.write(refusal)

    async def bring_back(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(1 << 16):
            self._client.write(data)
            self._replies.feed(data)
            while self._replies.gets() is not Ellipsis:
                self._under_way -= 1
            if self._under_way <= 0:
                self._all_back.set()
        self._client.close()


async def _command(reader: asyncio.StreamReader) -> tuple[bytes, bytes] | None:
    """The name of the next command, and its bytes."""
    head = await reader.readline()
    if not head:
        return None
    raw, name = [head], b""
    for number in range(int(head[1:])):
        size = await reader.readline()
        value = await reader.readexactly(int(size[1:]) + 2)
        raw += [size, value]
        name = name if number else value[:-2].upper()
    return name, b"".join(raw)

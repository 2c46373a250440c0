"""A server that is a program of this machine, spoken to over its standard input and output.

The mcp package's own transport does the same, and four things besides that a worker cannot have: it logs what a program
writes, keeps a line of any length, hides the process's end, and leaves the process behind when the worker is killed.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCMessage
from pydantic import ValidationError

from crews import confined
from crews.tools.bounds import MOST_BYTES, TooLong, check
from crews.tools.mcp.errors import ServerUnavailable

Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]

_AT_A_TIME: Final = 100  # lines, after which others have the event loop
_TOO_LONG: Final = f"a line of the answer is longer than {MOST_BYTES} bytes"
_GRACE: Final = 2.0  # seconds that a program has to end by itself, and then to heed SIGTERM


@asynccontextmanager
async def run_program(command: Sequence[str], env: Mapping[str, str]) -> AsyncIterator[Streams]:
    """Start the program; its streams end when it does. On leaving it is ended, and all that it has started.

    Raises:
        ServerUnavailable: there is no such program, or it may not be run.
    """
    with _private_home(env) as home:
        async with _open_streams(command, {**get_default_environment(), **env}, home) as streams:
            yield streams


@contextlib.contextmanager
def _private_home(env: Mapping[str, str]) -> Iterator[str]:
    """Yield a folder that is the program's own, for as long as it runs, where it may get a user of its own.

    Else none.
    """
    if os.geteuid() != 0 or "HOME" in env:
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="chatwootai-program-", ignore_cleanup_errors=True) as home:
        yield home


@asynccontextmanager
async def _open_streams(command: Sequence[str], environ: Mapping[str, str], home: str) -> AsyncIterator[Streams]:
    process = await _start(command, environ, home)
    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_forward_output(process, incoming)),
        asyncio.create_task(_forward_input(process, outgoing)),
    ]
    try:
        yield read, write
    finally:
        # Shielded: a cancelled worker ends it all the same.
        await asyncio.shield(asyncio.create_task(_terminate(process, tasks)))


async def _start(command: Sequence[str], environ: Mapping[str, str], home: str) -> asyncio.subprocess.Process:
    name = command[0]
    if shutil.which(name, path=environ.get("PATH")) is None:
        raise ServerUnavailable(f"there is no program {name}, or it may not be run")
    launched = confined.launch(home) if sys.platform == "linux" else ()
    try:
        return await asyncio.create_subprocess_exec(
            *launched,
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # what it logs may hold what contacts wrote
            env=dict(environ),
            limit=MOST_BYTES,
            start_new_session=True,
        )
    except OSError as error:
        raise ServerUnavailable(f"{name} cannot be run ({type(error).__name__})") from None


async def _forward_output(
    process: asyncio.subprocess.Process, to: MemoryObjectSendStream[SessionMessage | Exception]
) -> None:
    """Hand on messages until the program ends: its output may stay open in a child of its own."""
    assert process.stdout is not None  # noqa: S101 - opened as a pipe
    reading = asyncio.create_task(_forward_lines(process.stdout, to))
    exit_ = asyncio.create_task(process.wait())
    try:
        await asyncio.wait({reading, exit_}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():  # what it wrote before it ended is still to be read
            await asyncio.wait({reading}, timeout=0.2)
    finally:
        for task in (reading, exit_):
            task.cancel()
        await asyncio.gather(reading, exit_, return_exceptions=True)
        await to.aclose()


async def _forward_lines(source: asyncio.StreamReader, to: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        for number in count(1):
            if not number % _AT_A_TIME:  # what is buffered already is read without waiting
                await asyncio.sleep(0)
            try:
                if not (line := await source.readline()):
                    return
                check(line)
            except ValueError as error:  # too long; whose answer it was to be is not known
                await to.send(error if isinstance(error, TooLong) else TooLong(_TOO_LONG))
                while await source.read(MOST_BYTES):  # a pipe that is not read to its end is never closed
                    pass
                return
            if (message := _parse_message(line)) is not None:
                await to.send(message)


def _parse_message(line: bytes) -> SessionMessage | None:
    """Return the message in a line; None for banners, and what a program prints by mistake."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        return SessionMessage(JSONRPCMessage.model_validate_json(line))
    except ValidationError:
        return None


async def _forward_input(
    process: asyncio.subprocess.Process, source: MemoryObjectReceiveStream[SessionMessage]
) -> None:
    assert process.stdin is not None  # noqa: S101 - opened as a pipe
    with contextlib.suppress(OSError, anyio.ClosedResourceError):
        async with source:
            async for each in source:
                text = each.message.model_dump_json(by_alias=True, exclude_none=True)
                process.stdin.write(text.encode() + b"\n")
                await process.stdin.drain()


async def _terminate(process: asyncio.subprocess.Process, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Close its input, then SIGTERM, then SIGKILL to all that it has started."""
    if process.stdin is not None:
        process.stdin.close()
    for signalled in (None, signal.SIGTERM, signal.SIGKILL):
        if signalled is not None:
            _signal_group(process, signalled)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await process.wait()
                break
    _signal_group(process, signal.SIGKILL)  # children that outlived it
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _signal_group(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)

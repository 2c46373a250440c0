"""One open session with a server. It lives in a task of its own: a transport must be closed where it was opened.

Three things end it, in any order: its task is cancelled (`close`), its transport breaks (the task group inside raises),
or the server closes its stream (`_watched` sees the end). Whatever waits for an answer then hears of it at once.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import Context
from typing import Any, Final, TypeVar

import anyio
import httpx
from anyio.streams.memory import MemoryObjectReceiveStream
from mcp import ClientSession, McpError
from mcp.shared.message import SessionMessage
from mcp.types import (
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    CancelledNotification,
    CancelledNotificationParams,
    ClientNotification,
    ClientRequest,
    Implementation,
    PaginatedRequestParams,
    ServerNotification,
    Tool,
    ToolListChangedNotification,
)

from chatwootai.telemetry.tasks import owned
from crews.tools.bounds import TooLong
from crews.tools.mcp.errors import CallTimedOut, ServerUnavailable, SessionEnded
from crews.tools.mcp.reasons import CLOSED, connection_gone, describe_error, session_gone, was_not_sent
from crews.tools.mcp.stdio import Streams

T = TypeVar("T")
Opening = Callable[[], AbstractAsyncContextManager[Streams]]

_US: Final = Implementation(name="chatwootai", version="1")
_PAGES: Final = 32  # of a list of tools; a server that never ends its list is cut off
_TELLING: Final = 2.0  # seconds for the word that a call is given up; one that reads nothing is not waited for


class ServerConnection:
    """A session from `open` until it ends. `tools`: what the server offers; `changed`: called when that changes."""

    def __init__(self, name: str, opening: Opening, changed: Callable[[], None]) -> None:
        self.tools: tuple[Tool, ...] = ()
        self._name, self._opening, self._changed = name, opening, changed
        self._session: ClientSession | None = None
        self._opened = asyncio.Event()
        self._over = asyncio.Event()
        self._error: BaseException | None = None
        self._relisting: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._calls, self._calls_at_end = 0, 0
        # Of no turn: the run that happens to need it first, with all it holds, would be kept and logged for ever.
        self._life = owned(asyncio.create_task(self._run_session(), name=f"mcp {name}", context=Context()), "tools")

    @property
    def alive(self) -> bool:
        """Tell whether calls may be made."""
        return self._session is not None and not self._life.done() and not self._over.is_set()

    @property
    def reason(self) -> str:
        """Return why it ended, for an operator."""
        return describe_error(self._error) if self._error is not None else CLOSED

    @property
    def error(self) -> BaseException | None:
        """Return what ended it, where it raised."""
        return self._error

    async def wait_until_open(self, seconds: float) -> None:
        """Wait until calls may be made.

        Raises:
            ServerUnavailable: they may not, within so many seconds.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._opened.wait()
        except TimeoutError:
            self._life.cancel()
            raise ServerUnavailable(f"it did not answer within {seconds:.1f} s") from None
        if self._session is None:
            raise ServerUnavailable(self.reason)

    async def call(self, tool: str, arguments: dict[str, Any], seconds: float, until: float) -> CallToolResult:
        """Call a tool. `seconds`: how long it may say nothing, progress included; `until`: unix seconds.

        A call that is given up, late or because the caller is cancelled, is cancelled at the server too.

        Raises:
            SessionEnded: the session ended under the call.
            CallTimedOut: no answer in time.
            McpError: the server refuses the call.
        """
        session = self._session
        if session is None or not self.alive:
            raise SessionEnded(self.reason, not_sent=True)
        heard = [time.time()]

        async def progress(progress: float, total: float | None, message: str | None) -> None:
            heard[0] = time.time()

        number: list[int] = []

        async def ask() -> CallToolResult:
            number.append(session._request_id)  # the next one's, which a session tells nobody
            params = CallToolRequestParams(name=tool, arguments=arguments)
            request = ClientRequest(CallToolRequest(params=params))
            # Not `call_tool`: it asks for the tools again to check results, and raises where they are not as said.
            return await session.send_request(request, CallToolResult, progress_callback=progress)

        asking = asyncio.create_task(ask())
        self._calls += 1
        try:
            while not asking.done() and not self._life.done():
                left = min(heard[0] + seconds, until) - time.time()
                if left <= 0:
                    raise CallTimedOut
                await asyncio.wait({asking, self._life}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            return self._await_result(asking)
        finally:
            self._calls -= 1
            if number and not asking.done() and self.alive:
                self._give_up(session, number[0])
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    def _give_up(self, session: ClientSession, request: int) -> None:
        """Tell the server, without waiting for it, that nobody waits for a call any more."""
        params = CancelledNotificationParams(requestId=request, reason="the caller no longer waits for it")
        word = ClientNotification(CancelledNotification(params=params))

        async def tell() -> None:
            with contextlib.suppress(TimeoutError, anyio.ClosedResourceError, anyio.BrokenResourceError):
                async with asyncio.timeout(_TELLING):
                    await session.send_notification(word)

        task = asyncio.create_task(tell(), name=f"cancel mcp {self._name}", context=Context())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _await_result(self, asking: "asyncio.Task[CallToolResult]") -> CallToolResult:
        if not asking.done():
            # What ended the session was one call's: of the others nothing is known.
            alone = self._error if self._calls_at_end == 1 else None
            not_sent = alone is not None and was_not_sent(alone)
            raise SessionEnded(self.reason, not_sent=not_sent, too_long=isinstance(self._error, TooLong))
        try:
            return asking.result()
        except McpError as error:
            if session_gone(error):
                self._end(error)
                raise SessionEnded(describe_error(error), not_sent=True) from None
            if connection_gone(error):
                too_long = isinstance(self._error, TooLong)
                raise SessionEnded(self.reason, not_sent=False, too_long=too_long) from None
            raise
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise SessionEnded(self.reason, not_sent=True) from None  # its stream was closed before the call went out

    async def close(self) -> None:
        """End the session, and the program behind it."""
        await asyncio.gather(*self._telling, return_exceptions=True)
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)

    async def _run_session(self) -> None:
        try:
            async with (
                self._opening() as (read, write),
                _watch_stream(read, self._over) as seen,
                ClientSession(seen, write, message_handler=self._on_message, client_info=_US) as session,
            ):
                await self._unless_over(session.initialize())
                self.tools = await self._unless_over(_list_tools(session))
                self._session = session
                self._opened.set()
                await self._over.wait()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a foreign server does, its tools are away and no more
            self._error = self._error or error
        finally:
            self._session, self._calls_at_end = None, self._calls
            self._over.set()
            self._opened.set()
            if self._relisting is not None:
                self._relisting.cancel()

    async def _unless_over(self, asking: Coroutine[Any, Any, T]) -> T:
        """Return its result.

        Raise Away as soon as the server has closed or answered what is no answer: a session waits on.
        """
        task, over = asyncio.create_task(asking), asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ServerUnavailable(self.reason)
        finally:
            task.cancel()
            over.cancel()
            await asyncio.gather(task, over, return_exceptions=True)

    def _end(self, error: BaseException) -> None:
        self._error = self._error or error
        self._over.set()

    async def _on_message(self, message: object) -> None:
        """Take what the server says unasked. Called by the session's reader, which must not be kept waiting."""
        if isinstance(message, ValueError | httpx.HTTPError):  # no answer at all: who waits for it waits in vain
            self._end(message)
            return
        changed = isinstance(message, ServerNotification) and isinstance(message.root, ToolListChangedNotification)
        if changed and (self._relisting is None or self._relisting.done()):
            self._relisting = owned(asyncio.create_task(self._relist()), "tools")

    async def _relist(self) -> None:
        if self._session is not None:
            with contextlib.suppress(McpError, anyio.ClosedResourceError, anyio.BrokenResourceError):
                self.tools = await _list_tools(self._session)
                self._changed()


async def _list_tools(session: ClientSession) -> tuple[Tool, ...]:
    """Return all tools, page by page."""
    found: list[Tool] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        params = PaginatedRequestParams(cursor=cursor) if cursor else None
        page = await session.list_tools(params=params)
        found += page.tools
        if not page.nextCursor or page.nextCursor == cursor:
            break
        cursor = page.nextCursor
    return tuple(found)


@asynccontextmanager
async def _watch_stream(
    read: MemoryObjectReceiveStream[SessionMessage | Exception], over: asyncio.Event
) -> AsyncIterator[MemoryObjectReceiveStream[SessionMessage | Exception]]:
    """Yield the stream, and an event that is set when it ends: a session itself tells nobody of that."""
    to, seen = anyio.create_memory_object_stream[SessionMessage | Exception](0)

    async def pump() -> None:
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async with to, read:
                async for each in read:
                    await to.send(each)
        over.set()

    task = asyncio.create_task(pump())
    try:
        yield seen
    finally:
        task.cancel()
        seen.close()

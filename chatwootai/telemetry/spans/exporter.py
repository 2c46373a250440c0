"""Sends traces beside the turns: a bounded queue, a task that empties it, and nothing that a turn ever waits for."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Final

import aiohttp

from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN
from chatwootai.telemetry.spans.environment import TraceSettings
from chatwootai.telemetry.spans.names import names
from chatwootai.telemetry.spans.span import EndedTurnTimes, trace_id
from chatwootai.telemetry.spans.tree import spans_of
from chatwootai.telemetry.tasks import ended, owned

MOST_WAITING: Final = 2048
"""Turns that wait to be sent; what comes then is dropped, and counted."""
FLUSH_SECONDS: Final = 1.0
_BATCH: Final = 64
_EVERY: Final = 1.0
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0, connect=2.0)
_TRIES: Final = 2
_SLOW: Final = 3.0
_SAID_AGAIN: Final = 60.0
_log = log.get("traces")
_dropped = FAILED_OPEN.labels("traces")
Encode = Callable[[EndedTurnTimes], bytes]


class TraceExporter:
    """Traces of one worker."""

    def __init__(self, settings: TraceSettings) -> None:
        self._settings = settings
        self._encode = _encoder(settings)
        self._waiting: deque[EndedTurnTimes] = deque()
        self._came = asyncio.Event()
        self._said = -_SAID_AGAIN
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, headers=dict(settings.headers))
        self._task = owned(asyncio.create_task(self._run()), "traces")

    def take(self, turn: EndedTurnTimes) -> None:
        """Have a turn's trace sent, if it is one to be kept. Never waits."""
        if not self._keeps(turn):
            return
        if len(self._waiting) >= MOST_WAITING:
            _dropped.inc()
            return
        self._waiting.append(turn)
        self._came.set()

    def _keeps(self, turn: EndedTurnTimes) -> bool:
        """Tell whether a turn is one that somebody would look for, or one of the share of all others."""
        record = turn.record
        remarkable = record["outcome"] == "handoff" or record["seconds"] > _SLOW or record.get("error")
        return bool(remarkable) or int.from_bytes(trace_id(turn.turn)[:4]) < self._settings.share * 2**32

    async def _run(self) -> None:
        while True:
            await self._came.wait()
            await asyncio.sleep(_EVERY)  # a batch gathers
            self._came.clear()
            await self._send_all()

    async def _send_all(self) -> None:
        while self._waiting:
            batch: list[EndedTurnTimes] = []
            try:
                if not await self._post(await self._take_batch(batch)):
                    _dropped.inc(len(batch))
            except asyncio.CancelledError:  # at the end: what was on its way is sent again by the flush, or counted
                self._waiting.extendleft(reversed(batch))
                raise

    async def _take_batch(self, batch: list[EndedTurnTimes]) -> bytes:
        """Take turns out of the queue into `batch` and return them as a request."""
        body = bytearray()
        while self._waiting and len(batch) < _BATCH:
            batch.append(self._waiting.popleft())
            body += self._encode(batch[-1])
            await asyncio.sleep(0)  # turns are served between two of them
        return bytes(body)

    async def _post(self, body: bytes) -> bool:
        """Send a batch, twice where it must be; False: it is lost."""
        why = ""
        for _ in range(_TRIES):
            try:
                headers = {"Content-Type": "application/x-protobuf"}
                async with self._session.post(self._settings.url, data=body, headers=headers) as answer:
                    if answer.status < 300:
                        return True
                    why = f"HTTP {answer.status}"
                    if answer.status < 500 and answer.status != 429:
                        break
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                why = type(error).__name__
            await asyncio.sleep(_EVERY / 4)
        now = asyncio.get_running_loop().time()
        if now - self._said >= _SAID_AGAIN:
            self._said = now
            _log.warning("traces_not_sent", error=why)
        return False

    async def close(self) -> None:
        """Send what waits within a second; what is left then is dropped, and counted."""
        await ended(self._task)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._send_all()
        _dropped.inc(len(self._waiting))
        await self._session.close()


def _encoder(settings: TraceSettings) -> Encode:
    """Return what makes a request of a turn; protobuf and OpenTelemetry's messages are imported here, and only here."""
    from chatwootai.telemetry.spans.otlp import encode

    named = names(settings.names)
    resource = {"service.name": settings.service, **settings.resource}
    return lambda turn: encode(turn.turn, spans_of(turn, named), resource)

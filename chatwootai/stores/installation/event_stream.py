"""The newest log lines of all processes, in two bounded streams of Redis: those that tell of trouble, and all others.

A process sends what waits once a second, in small batches beside everything else. Where Redis does not take them, they
are dropped and counted: no turn and no request waits for them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, Final, NoReturn

import orjson

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, StoreMisused, StoreUnavailable, batch, store_errors
from chatwootai.telemetry.metrics import EVENTS_DROPPED
from chatwootai.telemetry.recent import RECENT, RecentEvents

KEPT: Final = 5000
"""Lines kept in each of the two streams: 10,000 in all."""
MOST_BYTES: Final = 1000
"""Largest line, packed; a larger one loses its fields, so that all lines together stay below 10 MB."""
_EVERY_SECONDS: Final = 1.0
_BATCH: Final = 50
_PAGE: Final = 1000
_ALWAYS: Final = ("timestamp", "level", "event", "account", "conversation", "turn")
_STREAMS: Final = {True: keys.EVENTS_TROUBLE, False: keys.EVENTS_INFO}


class EventSender:
    """Sends the lines of one process. `name`: as `config status` names it."""

    def __init__(self, connection: Connection, name: str, recent: RecentEvents = RECENT) -> None:
        self._connection = connection
        self._name = name
        self._recent = recent

    async def run(self) -> NoReturn:
        """Send what waits every second, for ever; once more at the end."""
        self._recent.open()
        try:
            while True:
                await asyncio.sleep(_EVERY_SECONDS)
                await self.send()
        finally:
            self._recent.close()

    async def send(self) -> None:
        """Send what waits; without Redis it is dropped, and counted."""
        lines = self._recent.take()
        while page := [self._packed(trouble, line) for _, (trouble, line) in zip(range(_BATCH), lines, strict=False)]:
            commands = [("XADD", key, "MAXLEN", "~", KEPT, "*", "e", packed) for key, packed in page]
            try:
                await batch(self._connection, *commands)
            except (StoreUnavailable, StoreMisused):  # a line that nobody has is no reason to log another
                EVENTS_DROPPED.inc(len(page) + sum(1 for _ in lines))

    def _packed(self, trouble: bool, line: dict[str, Any]) -> tuple[str, bytes]:
        packed = orjson.dumps({"process": self._name, **line}, default=str)
        if len(packed) > MOST_BYTES:
            kept = {key: line[key] for key in _ALWAYS if key in line}
            packed = orjson.dumps({"process": self._name, **kept, "cut": True}, default=str)
        return _STREAMS[trouble], packed


class EventStream:
    """The lines of all processes, for people."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection
        self._since = 0.0
        self._after: dict[str, str] = {}

    async def read(self, since: float = 0.0, *, troubles_alone: bool = False) -> list[dict[str, Any]]:
        """Return the lines since a moment (unix seconds), or since the last call, by time; each has `at`.

        Raises:
            StoreUnavailable: Redis is away.
        """
        self._since = since or self._since
        found: list[dict[str, Any]] = []
        for key in _STREAMS.values() if not troubles_alone else (keys.EVENTS_TROUBLE,):
            found += [line async for line in self._new(key)]
        return sorted(found, key=lambda line: float(line["at"]))

    async def _new(self, key: str) -> AsyncIterator[dict[str, Any]]:
        while True:
            start = self._after.get(key) or str(int(self._since * 1000))
            with store_errors(self._connection):
                page = await self._connection.xrange(key, min=start, count=_PAGE)
            for raw_id, fields in page:
                name = raw_id.decode()
                self._after[key] = f"({name}"
                for line in _line(fields.get(b"e", b""), int(name.partition("-")[0]) / 1000):
                    yield line
            if len(page) < _PAGE:
                return


def _line(packed: bytes, came: float) -> Iterator[dict[str, Any]]:
    """Yield the line that was packed, if it is one; `at` is when it was written, or else when it came to Redis."""
    try:
        said = orjson.loads(packed)
        at = datetime.fromisoformat(said.pop("timestamp")).timestamp() if "timestamp" in said else came
    except (ValueError, TypeError, AttributeError):
        return
    yield {"at": at, **said}

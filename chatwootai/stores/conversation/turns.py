"""The record of a turn: its steps and how it ended, for the people who ask why."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import orjson

from chatwootai.stores.keys import turn
from chatwootai.stores.lifetimes import TURN_MS
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner

_PAGE: Final = 500


class Turns:
    """Records of turns, kept for a week. Never message text."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def write(self, turn_id: str, record: dict[str, Any]) -> None:
        """Keep a record.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.send("SET", turn(turn_id), orjson.dumps(record), "PX", TURN_MS)

    async def read(self, turn_id: str) -> dict[str, Any] | None:
        """Return a record; None where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            raw = await self._connection.get(turn(turn_id))
        if raw is None:
            return None
        record = orjson.loads(raw)
        return record if isinstance(record, dict) else None

    async def several(self, turn_ids: Sequence[str]) -> list[dict[str, Any] | None]:
        """Return the records of several turns, in their order; None for one of which there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if not turn_ids:
            return []
        with store_errors(self._connection):
            raws = await self._connection.mget([turn(one) for one in turn_ids])
        records = [orjson.loads(raw) if raw else None for raw in raws]
        return [record if isinstance(record, dict) else None for record in records]

    async def all(self) -> AsyncIterator[tuple[str, float, dict[str, Any]]]:
        """Yield each turn's id, when its record was written (unix seconds), and the record, in no order.

        Raises:
            StoreUnavailable: Redis is away.
        """
        cursor = 0
        while True:
            with store_errors(self._connection):
                cursor, names = await self._connection.scan(cursor, match=turn("*"), count=_PAGE)
                raws = await self._connection.mget(names) if names else []
                # A moment, where PTTL is a span that is another each time.
                ends = await batch(self._connection, *(("PEXPIRETIME", name) for name in names)) if names else []
            for name, raw, end_ms in zip(names, raws, ends, strict=True):
                record = orjson.loads(raw) if raw else None
                if isinstance(record, dict):
                    yield name.decode().removeprefix(turn("")), max(0, end_ms - TURN_MS) / 1000, record
            if not cursor:
                return

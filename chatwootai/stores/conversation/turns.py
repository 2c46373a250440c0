"""The record of a turn: its steps and how it ended, for the people who ask why."""

from typing import Any

import orjson

from chatwootai.stores.keys import TURN_MS, turn
from chatwootai.stores.server.connection import Connection, store_errors


class Turns:
    """Records of turns, kept for a week. Never message text."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(self, turn_id: str, record: dict[str, Any]) -> None:
        """Keep a record.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors():
            await self._connection.set(turn(turn_id), orjson.dumps(record), px=TURN_MS)

    async def read(self, turn_id: str) -> dict[str, Any] | None:
        """Return a record; None where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors():
            raw = await self._connection.get(turn(turn_id))
        if raw is None:
            return None
        record = orjson.loads(raw)
        return record if isinstance(record, dict) else None

"""The record of a turn: its steps and how it ended, for the people who ask why."""

from typing import Any

import orjson

from chatwootai.stores.keys import TURN_MS, turn
from chatwootai.stores.server.connection import Connection, store_errors
from chatwootai.stores.server.scripts import Runner


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
        with store_errors():
            raw = await self._connection.get(turn(turn_id))
        if raw is None:
            return None
        record = orjson.loads(raw)
        return record if isinstance(record, dict) else None

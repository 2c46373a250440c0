"""Readings of attachments, kept with their message: reading costs time and money, and is done once."""

from collections.abc import Mapping

import orjson

from chatwootai.stores import keys
from chatwootai.stores.conversation.retained import kept_ms
from chatwootai.stores.server.connection import Connection, store_errors

Reading = Mapping[str, str]
"""One attachment's: "transcript", "content" or "problem", and its text."""


class Readings:
    """Readings by message and by place among its attachments."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def known(self, conv: str, message: int) -> dict[int, Reading]:
        """Return the readings of a message's attachments, by place; empty where none are kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            raw = await self._connection.get(keys.media(conv, message))
        try:
            return {int(place): dict(reading) for place, reading in orjson.loads(raw).items()} if raw else {}
        except (ValueError, TypeError, AttributeError):
            return {}  # another version's: read again

    async def keep(self, conv: str, message: int, readings: Mapping[int, Reading]) -> None:
        """Keep all that is known of a message's attachments.

        Raises:
            StoreUnavailable: Redis is away.
        """
        packed = orjson.dumps({str(place): dict(reading) for place, reading in readings.items()})
        keep_ms = await kept_ms(self._connection, keys.split_conv(conv)[0], "messages")
        with store_errors(self._connection):
            await self._connection.set(keys.media(conv, message), packed, px=keep_ms)

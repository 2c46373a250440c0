"""Words to running turns, over Redis' publish and subscribe: at once, and lost without harm.

A signal that is lost costs time, never truth: the commit is fenced by the mailbox's sequence, and Chatwoot is asked
who owns the conversation right before a reply is posted.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from chatwootai.stores.keys import signals
from chatwootai.stores.server.connection import Connection, StoreUnavailable, store_errors

_PAUSE = 0.5


class SignalListener:
    """Listens for one worker; calls `heard(conv, word, at)` for each signal; `at`: unix seconds, 0 if it has none."""

    def __init__(self, connection: Connection, worker_id: str, heard: Callable[[str, str, float], None]) -> None:
        self._connection = connection
        self._channel = signals(worker_id)
        self._heard = heard

    async def listen(self) -> None:
        """Listen for ever; an absent Redis is waited for."""
        while True:
            with suppress(StoreUnavailable), store_errors(self._connection):
                await self._subscribe()
            await asyncio.sleep(_PAUSE)

    async def _subscribe(self) -> None:
        async with self._connection.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(self._channel)
            while True:
                message = await subscription.get_message(timeout=1.0)
                if message is not None:
                    self._hear(message["data"])

    def _hear(self, data: bytes) -> None:
        word, _, rest = data.decode("utf-8", "replace").partition(" ")
        conv, _, at = rest.partition(" ")
        self._heard(conv, word, int(at) / 1000 if at.isdigit() else 0.0)

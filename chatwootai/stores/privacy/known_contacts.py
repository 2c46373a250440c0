"""The contacts of whom something is kept, by account: listed, and known by another number once they were merged."""

from collections.abc import AsyncIterator
from typing import Any

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch, store_errors


class KnownContacts:
    """The index of contacts, for those who compare it with Chatwoot."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection

    async def due(self, account: str) -> bool:
        """Tell whether an account's contacts are to be looked for now, and take note that they are: once a day.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            return bool(await self._connection.set(keys.polled(account), "1", nx=True, px=lifetimes.POLLED_MS))

    async def of(self, account: str) -> AsyncIterator[int]:
        """Yield the ids of all contacts of an account.

        Raises:
            StoreUnavailable: Redis is away.
        """
        start = keys.contact(account, 0).removesuffix("0")
        with store_errors(self._connection):
            async for raw in self._connection.scan_iter(match=f"{start}*", count=1_000):
                number = raw.decode().removeprefix(start)
                if number.isdigit():
                    yield int(number)

    async def conversations(self, account: str, contact: int) -> list[int]:
        """Return the display ids of a contact's conversations, the newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            return [int(one) for one in await self._connection.zrevrange(keys.contact(account, contact), 0, -1)]

    async def merged(self, account: str, contact: int, into: int) -> None:
        """Know a contact's conversations under the number of the one who remains.

        Raises:
            StoreUnavailable: Redis is away.
        """
        old, new = keys.contact(account, contact), keys.contact(account, into)
        await batch(
            self._connection,
            ("ZUNIONSTORE", new, 2, new, old, "AGGREGATE", "MAX"),
            ("PEXPIRE", new, lifetimes.CONTACT_MS),
            ("DEL", old),
            atomic=True,
        )

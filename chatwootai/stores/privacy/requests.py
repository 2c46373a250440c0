"""Erasures that doors take part in: each door takes the contact's records out of its journal and says how many."""

from typing import Any

import orjson

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection, batch, store_errors


class ErasureRequests:
    """Requests to all doors, and what each has answered."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection

    async def ask(self, subject: Subject) -> None:
        """Ask all doors.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self.close(subject)
        name, packed = _name(subject), orjson.dumps(subject.as_json())
        await batch(
            self._connection,
            ("HSET", keys.ERASURES, name, packed),
            ("PEXPIRE", keys.ERASURES, lifetimes.ERASURE_MS),
        )

    async def pending(self, door: str) -> list[Subject]:
        """Return the contacts that a door has not answered for.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            asked = await self._connection.hgetall(keys.ERASURES)
            if not asked:
                return []
            done = await self._connection.hkeys(keys.ERASURES_DONE)
        return [
            Subject.from_json(orjson.loads(packed))
            for name, packed in asked.items()
            if f"{name.decode()} {door}".encode() not in done
        ]

    async def answer(self, subject: Subject, door: str, records: int) -> None:
        """Say how many records of a contact a door had.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await batch(
            self._connection,
            ("HSET", keys.ERASURES_DONE, f"{_name(subject)} {door}", records),
            ("PEXPIRE", keys.ERASURES_DONE, lifetimes.ERASURE_MS),
        )

    async def answers(self, subject: Subject) -> dict[str, int]:
        """Return what doors have answered, by door.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            found = await self._connection.hgetall(keys.ERASURES_DONE)
        return {
            door: int(number)
            for field, number in found.items()
            for name, _, door in [field.decode().partition(" ")]
            if name == _name(subject)
        }

    async def close(self, subject: Subject) -> None:
        """Take a request back, with its answers.

        Raises:
            StoreUnavailable: Redis is away.
        """
        fields = [f"{_name(subject)} {door}" for door in await self.answers(subject)]
        await batch(
            self._connection,
            ("HDEL", keys.ERASURES, _name(subject)),
            *([("HDEL", keys.ERASURES_DONE, *fields)] if fields else []),
        )


def _name(subject: Subject) -> str:
    return f"{subject.account}:{subject.contact}"

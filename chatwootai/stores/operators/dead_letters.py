"""Dead letters: turns that gave up, read for operators, and taken away when they are done with."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import BrokenEntry, unpack_delivery
from chatwootai.stores.server.connection import Connection, batch, store_errors

_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """The record of a turn that gave up. `at` in unix seconds; `unreadable`: entries that could not be read."""

    turn: str
    conv: str
    cause: str
    at: float
    deliveries: tuple[Delivery, ...] = ()
    unreadable: int = 0


class DeadLetters:
    """All dead letters of the last 30 days."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> AsyncIterator[DeadLetter]:
        """Yield all letters, the newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        first = 0
        while True:
            with store_errors(self._connection):
                names = await self._connection.zrevrange(keys.DEAD, first, first + _PAGE - 1)
                raws = await self._connection.mget([keys.dead(name.decode()) for name in names]) if names else []
            for name, raw in zip(names, raws, strict=True):
                if raw is not None:
                    yield _letter(name.decode(), raw)
            if len(names) < _PAGE:
                return
            first += _PAGE

    async def read(self, turn: str) -> DeadLetter | None:
        """Return the letter of a turn; None where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            raw = await self._connection.get(keys.dead(turn))
        return None if raw is None else _letter(turn, raw)

    async def of(self, conv: str) -> list[DeadLetter]:
        """Return the letters of a conversation, the newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return [letter async for letter in self.all() if letter.conv == conv]

    async def discard(self, turn: str) -> bool:
        """Throw a letter away; False if it was gone already.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return any(await batch(self._connection, ("ZREM", keys.DEAD, turn), ("DEL", keys.dead(turn)), atomic=True))


def _letter(turn: str, raw: bytes) -> DeadLetter:
    """Read tolerantly: whatever is wrong with a letter, an operator must be able to see and drop it."""
    try:
        held: dict[str, Any] = orjson.loads(raw)
        deliveries, broken = _deliveries(held.get("deliveries") or [])
        return DeadLetter(
            turn=turn,
            conv=str(held["conv"]),
            cause=str(held["cause"]),
            at=float(held["at"]),
            deliveries=deliveries,
            unreadable=broken + len(held.get("raw") or []),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return DeadLetter(turn=turn, conv="", cause="the letter itself is unreadable", at=0.0, unreadable=1)


def _deliveries(held: list[Any]) -> tuple[tuple[Delivery, ...], int]:
    found: list[Delivery] = []
    for one in held:
        try:
            found.append(unpack_delivery(orjson.dumps(one)))
        except BrokenEntry:
            continue
    return tuple(found), len(held) - len(found)

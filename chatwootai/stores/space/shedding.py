"""Removal of keys from a Redis that is nearly full; those that are only kept for people who ask go first.

Lives, what was answered, the records and the index of turns go first. Where messages are refused already, what was said
in conversations that rest goes too, the longest unused half of what a step meets: a crew then reads Chatwoot's history,
where the account has a user token, or begins anew.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch, store_errors

_ASIDE: Final = (b"cw:life:", b"cw:kept:", b"cw:turn:", b"cw:turns")
_CONTEXT: Final = b"cw:context:"
_AT_ONCE: Final = 1000
_STEPS: Final = 50
"""Steps a call: a worker has turns to run beside."""


class Shedding:
    """One worker's way through all keys, which goes on where it ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = 0

    async def shed(self, enough: Callable[[], Awaitable[bool]], *, contexts: bool) -> int:
        """Remove until there is room, or so many steps were made; how many keys that were.

        Args:
            enough: whether there is room again, asked after each step that removed something.
            contexts: what was said before may go too.

        Raises:
            StoreUnavailable: Redis is away.
        """
        gone = 0
        for _ in range(_STEPS):
            removed = await self._step(contexts)
            gone += removed
            if self._cursor == 0 or (removed and await enough()):
                break
        return gone

    async def _step(self, contexts: bool) -> int:
        with store_errors(self._connection):
            self._cursor, found = await self._connection.scan(self._cursor, match="cw:*", count=_AT_ONCE)
        names = [name for name in found if name.startswith(_ASIDE)]
        if contexts:
            names += await self._least_used([name for name in found if name.startswith(_CONTEXT)])
        if not names:
            return 0
        removed, *_ = await batch(self._connection, ("UNLINK", *names))
        return int(removed)

    async def _least_used(self, contexts: list[bytes]) -> list[bytes]:
        """Return the half of these that ends first; none of a conversation with something to do."""
        if not contexts:
            return []
        left: list[Any] = await batch(
            self._connection,
            *(("PTTL", name) for name in contexts),
            *(("ZSCORE", keys.OPEN, name.removeprefix(_CONTEXT)) for name in contexts),
        )
        ends, open_at = left[: len(contexts)], left[len(contexts) :]
        resting = sorted((end, name) for end, name, at in zip(ends, contexts, open_at, strict=True) if at is None)
        return [name for _, name in resting[: -(-len(resting) // 2)]]

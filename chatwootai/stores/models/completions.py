"""Answers that may be given again, by account and digest of the question; and who asks for one right now.

Their bytes are bounded: the longest unused leave first, so that answers kept can never push out a message.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner

MOST_BYTES = 64 * 1024 * 1024
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Recalled:
    """The result of recalling a completion.

    `state`: hit, stale, refresh (stale, and it is the caller who makes a new one), lead (the caller asks the model),
    wait (somebody does).
    """

    state: str
    answer: bytes | None = None


class CompletionStore:
    """Completions in Redis."""

    def __init__(self, connection: Connection, *, most_bytes: int = MOST_BYTES) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)
        self._most_bytes = most_bytes

    async def recall(
        self, account: str, digest: str, token: str, *, lease_ms: int, fresh_ms: int, again: bool = False
    ) -> Recalled:
        """Look for an answer; where there is none and nobody asks, the caller does, for `lease_ms` at first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        state, *answer = await self._runner.run(
            "recall",
            account=account,
            digest=digest,
            token=token,
            lease_ms=lease_ms,
            fresh_ms=fresh_ms,
            again=int(again),
        )
        return Recalled(state.decode(), answer[0] if answer else None)

    async def renew(self, account: str, digest: str, token: str, *, lease_ms: int) -> bool:
        """Extend the caller's right to ask the model; False if another has taken over.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return bool(
            await self._runner.run("renew_flight", account=account, digest=digest, token=token, lease_ms=lease_ms)
        )

    async def keep(self, account: str, digest: str, token: str, answer: bytes, *, keep_ms: int) -> int:
        """Keep an answer (empty: there is none, let somebody else ask); how many others had to leave for it.

        Raises:
            StoreUnavailable: Redis is away.
        """
        left = await self._runner.run(
            "keep",
            account=account,
            digest=digest,
            token=token,
            answer=answer,
            keep_ms=keep_ms,
            most_bytes=self._most_bytes,
        )
        return int(left)

    async def stats(self) -> dict[str, int]:
        """Return the number of answers kept, their bytes, and counts of hits, misses and the like.

        Raises:
            StoreUnavailable: Redis is away.
        """
        entries, size, counted = await batch(
            self._connection, ("ZCARD", "cw:done"), ("HGET", "cw:done:sizes", "*"), ("HGETALL", "cw:done:counts")
        )
        counts = dict.fromkeys(("hits", "stale", "joined", "misses", "kept", "evicted"), 0)
        pairs: Any = counted.items() if isinstance(counted, dict) else zip(counted[::2], counted[1::2], strict=True)
        counts.update({name.decode(): int(number) for name, number in pairs})
        return {"entries": int(entries), "bytes": int(size or 0), "most_bytes": self._most_bytes, **counts}

    async def purge(self, account: str | None = None) -> int:
        """Forget all answers, or those of one account; how many there were.

        Raises:
            StoreUnavailable: Redis is away.
        """
        gone = 0
        names = [name async for name in self._names(account)]
        for at in range(0, len(names), _AT_ONCE):
            gone += int(await self._runner.run("forget", *names[at : at + _AT_ONCE]))
        return gone

    async def accounts(self) -> set[str]:
        """Return the keys of the accounts whose answers are kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return {name.rpartition(b":")[0].decode(errors="replace") async for name in self._names(None)}

    async def _names(self, account: str | None) -> AsyncIterator[bytes]:
        with store_errors(self._connection):
            async for name, _ in self._connection.zscan_iter("cw:done"):
                if account is None or name.rpartition(b":")[0] == account.encode():
                    yield name

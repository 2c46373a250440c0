"""Thumbs of people on turns, up or down and why, by account. No words of anybody's."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.conversation.retained import kept_ms
from chatwootai.stores.server.connection import Connection, batch

REASONS: Final = ("wrong", "outdated", "incomplete", "tone", "should_hand_over", "should_answer", "other")
"""Reasons that a thumb may have."""
_MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Thumb:
    """A person's judgement of a turn. `reason`: one of `REASONS`, or empty; `at`: unix seconds; `by`: who."""

    turn: str
    up: bool
    reason: str
    by: str
    at: float


class Thumbs:
    """The thumbs of one installation: of each account the newest 5,000, for 30 days."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, account: str, turn: str, *, up: bool, reason: str, by: str) -> None:
        """Keep a thumb in the place of the turn's last one; those that are too old go.

        Raises:
            StoreUnavailable: Redis is away.
        """
        now, key, keep_ms = time.time(), keys.thumbs(account), await kept_ms(self._connection, account, "thumbs")
        old = sorted((one for one in (await self.all(account)).values() if one.turn != turn), key=lambda one: one.at)
        gone = [one.turn for one in old if one.at < now - keep_ms / 1000]
        gone += [one.turn for one in old[len(gone) :][: max(0, len(old) - len(gone) - _MOST + 1)]]
        kept = orjson.dumps({"up": up, "reason": reason, "by": by, "at": now})
        forget = [("HDEL", key, *gone)] if gone else []
        await batch(self._connection, ("HSET", key, turn, kept), *forget, ("PEXPIRE", key, keep_ms), atomic=True)

    async def prune(self, account: str, keep_ms: int) -> None:
        """Forget thumbs that are older than so many milliseconds.

        Raises:
            StoreUnavailable: Redis is away.
        """
        oldest = time.time() - keep_ms / 1000
        gone = [one.turn for one in (await self.all(account)).values() if one.at < oldest]
        if gone:
            await batch(self._connection, ("HDEL", keys.thumbs(account), *gone))

    async def take_back(self, account: str, turn: str) -> None:
        """Forget a turn's thumb.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await batch(self._connection, ("HDEL", keys.thumbs(account), turn))

    async def of(self, account: str, turns: Iterable[str]) -> dict[str, Thumb]:
        """Return the thumbs of some turns, by turn.

        Raises:
            StoreUnavailable: Redis is away.
        """
        names = list(turns)
        if not names:
            return {}
        (raws,) = await batch(self._connection, ("HMGET", keys.thumbs(account), *names))
        return {name: _thumb(name, raw) for name, raw in zip(names, raws, strict=True) if raw}

    async def all(self, account: str) -> Mapping[str, Thumb]:
        """Return an account's thumbs, by turn.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (found,) = await batch(self._connection, ("HGETALL", keys.thumbs(account)))
        pairs = found.items() if isinstance(found, dict) else zip(*[iter(found)] * 2, strict=True)
        return {name.decode(): _thumb(name.decode(), raw) for name, raw in pairs}


def _thumb(turn: str, raw: bytes) -> Thumb:
    said = orjson.loads(raw)
    return Thumb(turn, bool(said["up"]), str(said["reason"]), str(said["by"]), float(said["at"]))

"""Configurations in Redis: the one in force, the last twenty, and word of each new one.

What is kept is what was written (packed), never what its references stand for: nothing secret is here in the clear.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, StoreUnavailable, store_errors
from chatwootai.stores.server.scripts import Runner

KEPT = 20
_LISTEN_SECONDS = 1.0
_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class ConfigVersion:
    """One published configuration. `at`: unix seconds; `by`: the process; `why`: "edit", "start", "rollback to 7".

    `why` is "shard" where a door brought what is in force elsewhere to a shard that had missed it.
    `overrules`: digests of what a rollback has set aside; a folder that says just this is not published at a start.
    `origin`: when it was first published on any shard, in unix seconds.
    """

    number: int
    digest: str
    at: float
    by: str
    why: str
    accounts: int
    overrules: tuple[str, ...] = ()
    origin: float = 0.0


class ConfigVersions:
    """The configurations of one installation."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._runner = Runner.of(connection)

    async def publish(
        self,
        digest: str,
        packed: bytes,
        *,
        by: str,
        why: str,
        accounts: int,
        overrules: tuple[str, ...] = (),
        origin: float | None = None,
        base: int | None = None,
    ) -> tuple[int, bool]:
        """Put a configuration in force; what is in force already is not published again.

        `origin`: None: now. `base`: the version that it may follow, 0 for none; None: any.

        Returns:
            Its version, and whether that is a new one; 0 where another version than `base` is in force.

        Raises:
            StoreUnavailable: Redis is away.
        """
        now = time.time()
        about = {"digest": digest, "at": now, "by": by, "why": why, "accounts": accounts, "overrules": overrules}
        if origin is not None:
            about["origin"] = origin
        number, new = await self._runner.run(
            "publish",
            digest=digest,
            packed=packed,
            about=orjson.dumps(about),
            now_ms=int(now * 1000),
            kept=KEPT,
            again="1" if overrules else "",
            base="" if base is None else base,
        )
        return int(number), bool(new)

    async def current(self) -> ConfigVersion | None:
        """Return the version in force; None where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self.connection):
            number = await self._hget(keys.CONFIG_CURRENT, "version")
            raw = await self._hget(keys.CONFIG_ABOUT, number.decode()) if number else None
        return _version(int(number), raw) if number and raw else None

    async def history(self) -> list[ConfigVersion]:
        """Return the last versions, newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self.connection):
            found: dict[bytes, bytes] = await _answer(self.connection.hgetall(keys.CONFIG_ABOUT))
        return sorted((_version(int(number), raw) for number, raw in found.items()), key=lambda each: -each.number)

    async def read(self, number: int) -> bytes | None:
        """Return a version as it was packed; None where it is not kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self.connection):
            packed: bytes | None = await self.connection.get(keys.config_version(number))
        return packed

    async def listen(self, told: Callable[[], Awaitable[None]]) -> None:
        """Call `told` after each (re)connection and each publication, for ever; an absent Redis is waited for."""
        while True:
            with suppress(StoreUnavailable), store_errors(self.connection):
                await self._listen_once(told)
            await asyncio.sleep(_PAUSE)

    async def _listen_once(self, told: Callable[[], Awaitable[None]]) -> None:
        async with self.connection.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(keys.CONFIG_TOLD)
            await told()  # what was published while nobody listened
            while True:
                if await subscription.get_message(timeout=_LISTEN_SECONDS) is not None:
                    await told()

    async def due(self, seconds: int) -> bool:
        """Tell whether it is time to compare with Chatwoot: true for one process in `seconds`.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self.connection):
            return bool(await self.connection.set(keys.CONFIG_SYNC, "1", nx=True, ex=seconds))

    async def _hget(self, key: str, field: str) -> bytes | None:
        found: bytes | None = await _answer(self.connection.hget(key, field))
        return found


async def _answer(
    call: Any,
) -> Any:  # redis-py says that a command may answer at once, which an async client never does
    return await call


def _version(number: int, raw: bytes) -> ConfigVersion:
    said = orjson.loads(raw)
    return ConfigVersion(
        number=number,
        digest=str(said["digest"]),
        at=float(said["at"]),
        by=str(said["by"]),
        why=str(said["why"]),
        accounts=int(said["accounts"]),
        overrules=tuple(said.get("overrules") or ()),
        origin=float(said.get("origin") or said["at"]),
    )

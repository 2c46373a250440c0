"""Retention by account: what a tenant wants kept for a shorter time than ships, written where all writers read it.

`cw:retention:{account}` holds milliseconds by kind; scripts look there when they write such a key (`kept_ms` in
queue.lua), so every process obeys, of whatever configuration. What was written before is shortened by a walk over all
keys, made once by whichever worker writes the hash: it is gone after the new time at the latest.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.operators.thumbs import Thumbs
from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.server.connection import Connection, batch, store_errors

CONTEXT: Final = "context"
"""The kind whose time its writers bring with them (settings.context.ttl_hours)."""
KIND_OF_KEY: Final[Mapping[str, str]] = {
    "cw:kept:{conv}": "messages",
    "cw:media:{conv}:{message}": "messages",
    "cw:calls:{conv}:{burst}": "messages",
    "cw:turn:{turn}": "turns",
    "cw:turns:{account}": "turns",
    "cw:life:{conv}": "turns",
    "cw:dead:{turn}": "dead_letters",
    "cw:thumbs:{account}": "thumbs",
    "cw:day:{account}:{day}": "figures",
    "cw:context:{conv}": CONTEXT,
}
"""Kinds of data, by the pattern of the keys that hold them."""
_DONE: Final = "walked"
"""Field that is set once what was written before is shortened, too."""
_PAGE: Final = 1_000


class RetentionStore:
    """The times that are in force of each account, and the walk that shortens what is kept already."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection

    async def set(self, wanted: Mapping[str, Mapping[str, int]]) -> int:
        """Put the milliseconds of accounts, by kind, in force for all writers; return how many keys were shortened.

        Does nothing for accounts of which the same is in force. Safe to be cut off, and to be run twice at once.

        Raises:
            StoreUnavailable: Redis is away.
        """
        names = list(wanted)
        known = await batch(self._connection, *(("HGETALL", keys.retention(name)) for name in names))
        changed = {
            name: wanted[name] for name, held in zip(names, known, strict=True) if not _is_in_force(wanted[name], held)
        }
        if not changed:
            return 0
        for name, kinds in changed.items():
            fields = [part for pair in kinds.items() for part in pair]
            key = keys.retention(name)
            await batch(self._connection, ("DEL", key), ("HSET", key, *fields), atomic=True)
        shortened = await self._walk(changed)
        await batch(self._connection, *(("HSET", keys.retention(name), _DONE, 1) for name in changed))
        return shortened

    async def _walk(self, wanted: Mapping[str, Mapping[str, int]]) -> int:
        shortened, cursor = 0, 0
        while True:
            with store_errors(self._connection):
                cursor, page = await self._connection.scan(cursor, match="cw:*", count=_PAGE)
            shortened += await self._shorten([raw.decode("utf-8", "replace") for raw in page], wanted)
            if not cursor:
                break
        for name, kinds in wanted.items():
            oldest = int(time.time() * 1000) - kinds["turns"]
            await batch(self._connection, ("XTRIM", keys.turns(name), "MINID", oldest))
            await Thumbs(self._connection).prune(name, kinds["thumbs"])
        return shortened

    async def _shorten(self, page: Sequence[str], wanted: Mapping[str, Mapping[str, int]]) -> int:
        due = [(key, ms) for key, ms in await self._lifetimes_of(page, wanted) if ms]
        # LT: a key that ends sooner already stays so; both ends of a cut-off walk may meet the same key
        done = await batch(self._connection, *(("PEXPIRE", key, ms, "LT") for key, ms in due)) if due else []
        return sum(map(int, done))

    async def _lifetimes_of(
        self, page: Sequence[str], wanted: Mapping[str, Mapping[str, int]]
    ) -> Iterable[tuple[str, int]]:
        found, by_value = list[tuple[str, int]](), list[tuple[str, str]]()
        for key in page:
            known = kind_of(key)
            kind = KIND_OF_KEY.get(known[0].pattern) if known else None
            if known is None or kind is None:
                continue
            if "account" not in known[1]:
                by_value.append((key, kind))
            elif known[1]["account"] in wanted:
                found.append((key, wanted[known[1]["account"]].get(kind, 0)))
        if by_value:
            with store_errors(self._connection):
                values = await self._connection.mget([key for key, _ in by_value])
            found += [
                (key, wanted.get(_account_in(value), {}).get(kind, 0))
                for (key, kind), value in zip(by_value, values, strict=True)
            ]
        return found


def _is_in_force(wanted: Mapping[str, int], held: Mapping[bytes, bytes]) -> bool:
    known = {name.decode(): int(value) for name, value in held.items()}
    return known == {**wanted, _DONE: 1}


def _account_in(value: bytes | None) -> str:
    """Return the account of a turn's record, or of a dead letter, which names a conversation."""
    try:
        said = orjson.loads(value or b"{}")
        return str(said.get("account") or str(said.get("conv") or "").rpartition(":")[0])
    except (orjson.JSONDecodeError, AttributeError):
        return ""

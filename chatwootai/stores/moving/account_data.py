"""All that one shard keeps of an account: found, copied to another shard, and removed."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import orjson

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.models.semantic_answers import SemanticAnswers
from chatwootai.stores.models.vectors import VectorStore
from chatwootai.stores.moving.ways import AFTERWARDS, MEMBERS, goes_whole
from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner

_PAGE: Final = 1_000
_AT_ONCE: Final = 200
"""Keys of which one round trip brings the values."""
_ROUNDS: Final = 10
_LANES: Final = ("high", "normal")
Member = tuple[bytes, bytes | float | None]
"""A member of a zset with its score, a field of a hash with its value, or a member of a set with None."""


class AccountData:
    """Data of one account on the shard of a connection, but for the mark of its move."""

    def __init__(self, connection: Connection, account: str) -> None:
        self.connection: Any = connection
        self.account = account
        self._quoted = "".join(f"\\{each}" if each in "*?[]\\^" else each for each in account)

    async def keys(self) -> AsyncIterator[list[str]]:
        """Yield the keys that are the account's alone and go whole, by pages, but for lanes of jobs.

        Raises:
            StoreUnavailable: Redis is away.
        """
        async for page in self._scan(f"*:{self._quoted}*"):
            yield [key for key in page if self._owns(key) and not key.startswith("cw:ready:")]

    async def records(self) -> AsyncIterator[list[str]]:
        """Yield the keys of the records of its turns, by pages.

        Raises:
            StoreUnavailable: Redis is away.
        """
        async for page in self._scan(AFTERWARDS.replace("{turn}", "*")):
            values = await self._values(page)
            yield [key for key, said in zip(page, values, strict=True) if said.get("account") == self.account]

    async def dead_letters(self) -> list[str]:
        """Return the names of its dead letters.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self.connection):
            names = [name.decode() for name in await self.connection.zrange(keys.DEAD, 0, -1)]
        values = await self._values([keys.dead(name) for name in names])
        convs = (str(said.get("conv") or "").rpartition(":")[0] for said in values)
        return [name for name, account in zip(names, convs, strict=True) if account == self.account]

    async def members(self, index: str) -> list[Member]:
        """Return its members in an index over all accounts.

        Raises:
            StoreUnavailable: Redis is away.
        """
        wanted = MEMBERS[index].replace("{account}", self._quoted)
        with store_errors(self.connection):
            kind = (await self.connection.type(index)).decode()
            if kind == "none":  # it may be there a moment later, as another's
                return []
            scan = getattr(self.connection, {"zset": "zscan_iter", "hash": "hscan_iter", "set": "sscan_iter"}[kind])
            found = [one async for one in scan(index, match=wanted, count=_PAGE)]
        return [one if isinstance(one, tuple) else (one, None) for one in found]

    async def count(self) -> int:
        """Return how many keys are the account's alone, dead letters and records of turns included.

        Raises:
            StoreUnavailable: Redis is away.
        """
        pages = [len(page) async for page in self.keys()] + [len(page) async for page in self.records()]
        return sum(pages) + len(await self.dead_letters())

    async def copy_to(self, target: Connection) -> int:
        """Copy all but records of turns; return how many keys. What the target has of the account must be gone before.

        Jobs that are due later are read before the lanes: one that falls due meanwhile is found twice, not missed.

        Raises:
            StoreUnavailable: one of the two is away, or refuses what is copied.
        """
        copied = 0
        async for page in self.keys():
            copied += await self._restore(page, target)
        for index in MEMBERS:
            await _add(target, index, await self.members(index))
        copied += await self._copy_letters(target)
        copied += await self._restore([keys.ready(lane, self.account) for lane in _LANES], target)
        await self._copy_secret(target)
        await Runner.of(target).run("count_turns", account=self.account)
        return copied

    async def copy_records_to(self, target: Connection) -> int:
        """Copy the records of its turns; return how many.

        Raises:
            StoreUnavailable: one of the two is away.
        """
        return sum([await self._restore(page, target) async for page in self.records()])

    async def remove(self) -> int:
        """Remove all that is the account's, as often as there is something; return how many keys.

        Raises:
            StoreUnavailable: Redis is away.
        """
        gone = 0
        for _ in range(_ROUNDS):
            now = await self._remove_once()
            gone += now
            if not now:
                break
        return gone

    async def _remove_once(self) -> int:
        letters = await self.dead_letters()
        for turn in letters:
            await batch(self.connection, ("DEL", keys.dead(turn)), ("ZREM", keys.DEAD, turn), atomic=True)
        gone = len(letters)
        async for page in self.keys():
            gone += await self._unlink(page)
        async for page in self.records():
            gone += await self._unlink(page)
        gone += await self._unlink([keys.ready(lane, self.account) for lane in _LANES])
        for index in MEMBERS:
            await _take_away(self.connection, index, await self.members(index))
        await batch(
            self.connection,
            *(("ZREM", f"cw:tenants:{lane}", self.account) for lane in _LANES),
            ("HDEL", keys.RUNNING, self.account),
        )
        await self._remove_caches()
        await Runner.of(self.connection).run("count_turns", account=self.account)
        return gone

    async def _remove_caches(self) -> None:
        await CompletionStore(self.connection).purge(self.account)
        await SemanticAnswers(self.connection).purge(self.account)
        await VectorStore(self.connection).purge(self.account)

    async def _copy_letters(self, target: Connection) -> int:
        """Copy dead letters, each with its place among those of all accounts: the letter alone says whose it is."""
        letters = await self.dead_letters()
        for turn in letters:
            score, dump, ttl = await batch(
                self.connection, ("ZSCORE", keys.DEAD, turn), ("DUMP", keys.dead(turn)), ("PTTL", keys.dead(turn))
            )
            if dump is not None and score is not None:
                place = ("ZADD", keys.DEAD, score, turn)
                await batch(target, _restored(keys.dead(turn), dump, ttl), place, atomic=True)
        return len(letters)

    async def _copy_secret(self, target: Connection) -> None:
        """Keep what the digests of erased contacts are keyed with: the target's own may be another."""
        kept = keys.erased_secret(self.account)
        with store_errors(self.connection):
            if not await self.connection.exists(keys.erased(self.account)) or await self.connection.exists(kept):
                return  # nothing is keyed; or it came from another shard already, and the secret has gone with it
            secret = await self.connection.get(keys.ERASED) or b""
            await target.set(kept, secret, px=lifetimes.ERASED_MS)

    def _owns(self, key: str) -> bool:
        known = kind_of(key)
        if known is None or not goes_whole(known[0].pattern):
            return False
        job = known[1].get("job") or ""
        return known[1].get("account") == self.account or job.startswith(f"turn:{self.account}:")

    async def _scan(self, pattern: str) -> AsyncIterator[list[str]]:
        page = list[str]()
        with store_errors(self.connection):
            async for raw in self.connection.scan_iter(match=pattern, count=_PAGE):
                page.append(raw.decode("utf-8", "replace"))
                if len(page) == _AT_ONCE:
                    yield page
                    page = []
        yield page

    async def _values(self, names: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for at in range(0, len(names), _AT_ONCE):
            with store_errors(self.connection):
                found += map(_json, await self.connection.mget(names[at : at + _AT_ONCE]))
        return found

    async def _restore(self, page: Sequence[str], target: Connection) -> int:
        read = [command for key in page for command in (("DUMP", key), ("PTTL", key))]
        answers = await batch(self.connection, *read) if read else []
        found = zip(page, answers[::2], answers[1::2], strict=True)
        write = [_restored(*each) for each in found if each[1] is not None]
        if write:
            await batch(target, *write)
        return len(write)

    async def _unlink(self, page: Sequence[str]) -> int:
        return int((await batch(self.connection, ("UNLINK", *page)))[0]) if page else 0


def _restored(key: str, dump: bytes, ttl: int) -> tuple[str | bytes | int, ...]:
    return "RESTORE", key, 0 if ttl == -1 else max(1, ttl), dump, "REPLACE"


async def _add(target: Connection, index: str, members: Sequence[Member]) -> None:
    commands: list[tuple[str | bytes | float, ...]] = []
    for member, value in members:
        if value is None:
            commands.append(("SADD", index, member))
        elif isinstance(value, bytes):
            commands.append(("HSET", index, member, value))
        else:
            commands.append(("ZADD", index, repr(value), member))
    if commands:
        await batch(target, *commands)


async def _take_away(connection: Connection, index: str, members: Sequence[Member]) -> None:
    commands = [
        ("SREM" if value is None else "HDEL" if isinstance(value, bytes) else "ZREM", index, member)
        for member, value in members
    ]
    if commands:
        await batch(connection, *commands)


def _json(raw: bytes | None) -> dict[str, Any]:
    try:
        said = orjson.loads(raw or b"null")
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}

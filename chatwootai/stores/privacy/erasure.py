"""An erasure, in steps that each may be run again: the end is the same wherever an earlier run was cut off.

Order: who it is and what is looked for is written down (so that a second run knows it too); from then on nothing new
begins from the past; running turns end; then all that is kept goes, and is looked for once more.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.models.semantic_answers import SemanticAnswers
from chatwootai.stores.models.vectors import VectorStore
from chatwootai.stores.privacy.holdings import BY_ROW, INDEX, Holding, Holdings
from chatwootai.stores.privacy.mentions import Mention, Mentions
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.privacy.values import Values
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Argument, Runner

PATIENCE: Final = 60.0
"""Seconds for which running turns are waited for."""
_LOOK: Final = 0.1
_ROUNDS: Final = 4
"""A turn's last words may come after its end: what is found is erased again, so often."""
_PAGE: Final = 500
_COPY: Final = "cw:copy:"
_COPY_MS: Final = 600_000
FORGET: Final = "forget"
"""The word by which workers are told to forget a contact."""


class StillRuns(Exception):
    """Turns of the contact run and do not end; the message names their conversations. Nothing is lost: run it again."""


@dataclass(frozen=True, slots=True)
class Left:
    """The rest after an erasure. `holdings`: what is theirs still; `mentions`: texts of others that name them."""

    holdings: Mapping[str, int]
    mentions: tuple[Mention, ...]


class Erasure:
    """The erasure of one contact. Every step may be run again."""

    def __init__(self, connection: Connection, subject: Subject) -> None:
        self._connection = connection
        self._client: Any = connection
        self._runner = Runner.of(connection)
        self._holdings = Holdings(connection)
        self.subject = subject

    async def learn(self) -> None:
        """Find out who it is and which conversations are theirs, also from an erasure that was cut off.

        Raises:
            StoreUnavailable: Redis is away.
        """
        key = keys.erasure(self.subject.account, self.subject.contact)
        with store_errors(self._client):
            before = await self._client.get(key)
        if before:
            self.subject.merge(Subject.from_json(orjson.loads(before)))
        await self._holdings.identify(self.subject)
        async for _ in self._holdings.find(self.subject):
            pass  # the turns are noted with it

    async def note(self) -> None:
        """Keep what is looked for until the end.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._keep()

    async def _keep(self) -> None:
        key, packed = keys.erasure(self.subject.account, self.subject.contact), orjson.dumps(self.subject.as_json())
        with store_errors(self._client):
            await self._client.set(key, packed, px=lifetimes.ERASURE_MS)

    async def bury(self, *, patience: float = PATIENCE) -> None:
        """Admit nothing more that was written before now, drop what waits, wait for what runs.

        Raises:
            StillRuns: turns run after `patience` seconds.
            StoreUnavailable: Redis is away.
        """
        until, at, running = time.monotonic() + patience, 0, list[int]()
        while True:
            at, *running = map(int, await self._bury(at))
            self.subject.at_ms = at
            if not running:
                break
            if time.monotonic() > until:
                raise StillRuns(", ".join(map(str, running)))
            await asyncio.sleep(_LOOK)
        await self._keep()

    async def _bury(self, at: int) -> list[Any]:
        named: dict[str, Argument] = {
            "account": self.subject.account, "contact": self.subject.contact, "at_ms": at,
            "proposed": secrets.token_hex(16), "keep_ms": lifetimes.ERASED_MS,
        }  # fmt: skip
        return list(await self._runner.run("bury", *sorted(self.subject.conversations), **named))

    async def tell_workers(self) -> int:
        """Have all workers forget what crews remember of the contact; return how many heard it.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (channels,) = await batch(self._connection, ("PUBSUB CHANNELS", keys.signals("*")))
        word = f"{FORGET} {keys.conv(self.subject.account, self.subject.contact)}"
        heard = await batch(self._connection, *(("PUBLISH", channel, word) for channel in channels))
        return sum(map(int, heard))

    async def look(self) -> Counter[str]:
        """Count what is kept of the contact, by place.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found: Counter[str] = Counter()
        async for holding in self._holdings.find(self.subject):
            found[holding.place] += 1 if holding.members is None else len(holding.members)
        return found

    async def erase(self) -> Counter[str]:
        """Erase all that is kept of the contact, as often as there is something; return how much of it, by place.

        Raises:
            StoreUnavailable: Redis is away.
        """
        erased: Counter[str] = Counter()
        for _ in range(_ROUNDS):
            gone = await self._round()
            erased += gone
            if not gone:
                break
        return erased

    async def _round(self) -> Counter[str]:
        erased: Counter[str] = Counter()
        found = await self._left()
        for holding in found:
            if not holding.shared:
                erased[holding.place] += await self._remove(holding)
        if any(one.shared for one in found):
            await self._drop_untraced()
        return erased

    async def _left(self) -> list[Holding]:
        """Return what is theirs still, but for what they wrote since and what this erasure keeps for itself."""
        await self._bury(self.subject.at_ms)
        ids = sorted(self.subject.conversations)
        names = [keys.conv(self.subject.account, one) for one in ids]
        found = await batch(self._connection, *(("EXISTS", keys.state(name), keys.box(name)) for name in names))
        awake = {one for one, known in zip(ids, found, strict=True) if known}
        own = keys.erasure(self.subject.account, self.subject.contact)
        return [one async for one in self._holdings.find(self.subject, awake) if one.key != own]

    async def _drop_untraced(self) -> None:
        """Drop what does not say whose it was; not counted as theirs, since others' answers come in at once."""
        await CompletionStore(self._connection).purge(self.subject.account)
        await VectorStore(self._connection).forget_questions(self.subject.account)

    async def _remove(self, holding: Holding) -> int:
        if holding.place == INDEX:
            return await self._index_until_now(holding.key)
        if holding.members is None:
            (gone,) = await batch(self._connection, ("DEL", holding.key))
            return int(gone)
        if holding.place in BY_ROW:
            await self._rewrite(holding.key, frozenset(holding.members))
        elif holding.place == "cw:alike:{account}:{scope}":
            for conversation in holding.members:
                scope = holding.key.rpartition(":")[2]
                await SemanticAnswers(self._connection).drop(self.subject.account, scope, int(conversation))
        else:
            await self._remove_members(holding)
        return len(holding.members)

    async def _index_until_now(self, key: str) -> int:
        """Forget the conversations of the past: those that were written in since are known still."""
        (gone,) = await batch(self._connection, ("ZREMRANGEBYSCORE", key, "-inf", self.subject.at_ms or int(1e15)))
        return int(gone)

    async def _remove_members(self, holding: Holding) -> None:
        members = holding.members or ()
        with store_errors(self._client):
            kind = (await self._client.type(holding.key)).decode()
        command = {"zset": "ZREM", "hash": "HDEL", "set": "SREM"}.get(kind)
        if command:
            await batch(self._connection, (command, holding.key, *members))
        elif kind == "list":
            await batch(self._connection, *(("LREM", holding.key, 0, one) for one in members))

    async def _rewrite(self, key: str, gone: frozenset[bytes]) -> None:
        copy, last = f"{_COPY}{key}", "0-0"
        waiting = list[tuple[str | bytes | int, ...]]()
        await batch(self._connection, ("DEL", copy))
        async for entry, held in Values(self._connection).stream(key):
            last = entry.decode()
            if entry not in gone:
                waiting.append(("XADD", copy, entry, *(part for pair in held.items() for part in pair)))
            if len(waiting) == _PAGE:
                await batch(self._connection, *waiting, ("PEXPIRE", copy, _COPY_MS))
                waiting = []
        if waiting:
            await batch(self._connection, *waiting, ("PEXPIRE", copy, _COPY_MS))
        await self._runner.run("replace_stream", stream=key, copy=copy, last=last)

    async def verify(self) -> Left:
        """Look once more for all that is theirs, and for their names and addresses in all values.

        Raises:
            StoreUnavailable: Redis is away.
        """
        left = Counter(one.place for one in await self._left() if not one.shared)
        return Left(left, tuple(await Mentions(self._connection).find(self.subject)))

    async def close(self) -> None:
        """Forget what was kept for the erasure itself.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await batch(self._connection, ("DEL", keys.erasure(self.subject.account, self.subject.contact)))


class ErasureElsewhere(Erasure):
    """The same on a shard that the account has left, once it is buried where it lives: rows of history are there still.

    Nothing of the account is admitted there, so that nothing is to be buried, and all that is found is of the past.
    """

    async def _left(self) -> list[Holding]:
        return [one async for one in self._holdings.find(self.subject)]

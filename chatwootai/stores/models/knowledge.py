"""Versions of accounts' knowledge: built beside the one in force, switched by a pointer, the newest three kept.

Texts of documents lie here, and embeddings, as bytes of nobody's language; secrets never. An account's keys hold its
name, so that no version can be read for another.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner

KEPT: Final = 3
MOST_BYTES: Final = 96 * 1024 * 1024
"""Bytes of one version."""
LEASE_MS: Final = lifetimes.INGEST_MS
_PIECE: Final = 512 * 1024
"""Bytes of one element, so that no reading of a version holds Redis up."""


class TooLarge(Exception):
    """A version is larger than an account's share of Redis; the message says by how much."""


class Superseded(Exception):
    """Another ingest of the account has taken over: this one's version is not put in force."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The version in force and what is known of it, in JSON. 0 and empty where there is none."""

    version: int
    about: bytes


class KnowledgeStore:
    """The knowledge of all accounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def version(self, account: str) -> int:
        """Return the version in force, 0 where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return int(await self._runner.send("HGET", keys.knowledge(account), "current") or 0)

    async def in_force(self, account: str) -> InForce:
        """Return the version in force.

        Raises:
            StoreUnavailable: Redis is away.
        """
        number = await self.version(account)
        if not number:
            return InForce(0, b"")
        (about,) = await batch(self._connection, ("HGET", keys.knowledge_about(account), str(number)))
        return InForce(number, about or b"")

    async def versions(self, account: str) -> dict[int, bytes]:
        """Return the versions kept and what is known of each, the newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        kept, about = await batch(
            self._connection,
            ("ZREVRANGE", keys.knowledge_versions(account), 0, -1),
            ("HGETALL", keys.knowledge_about(account)),
        )
        said = about if isinstance(about, dict) else dict(zip(about[::2], about[1::2], strict=True))
        return {int(number): said.get(number, b"") for number in kept}

    async def read(self, account: str, version: int, audience: str) -> bytes | None:
        """Return what was published of a version for an audience; None where it is not kept any more.

        Raises:
            StoreUnavailable: Redis is away.
        """
        key = keys.knowledge_version(account, version, audience)
        (length,) = await batch(self._connection, ("LLEN", key))
        pieces = [(await batch(self._connection, ("LINDEX", key, at)))[0] for at in range(int(length))]
        return b"".join(pieces) if pieces and all(each is not None for each in pieces) else None

    async def beginning(self, account: str, version: int, audience: str) -> bytes:
        """Return the first bytes of what `read` returns, half a megabyte at most; empty where there are none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (piece,) = await batch(self._connection, ("LINDEX", keys.knowledge_version(account, version, audience), 0))
        return piece or b""

    async def begin(self, account: str) -> str | None:
        """Take the right to ingest an account's knowledge for a minute; None where somebody has it.

        Raises:
            StoreUnavailable: Redis is away.
        """
        token = secrets.token_hex(8)
        with store_errors(self._connection):
            taken = await self._connection.set(keys.knowledge_ingest(account), token, nx=True, px=LEASE_MS)
        return token if taken else None

    async def renew(self, account: str, token: str) -> bool:
        """Keep that right for another minute; False where it was lost.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return bool(await self._runner.run("renew_ingest", account=account, token=token, keep_ms=LEASE_MS))

    async def end(self, account: str, token: str) -> None:
        """Give that right back.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("renew_ingest", account=account, token=token, keep_ms=0)

    async def write(self, account: str, parts: Mapping[str, bytes]) -> int:
        """Write a new version beside the one in force, by audience; return its number. Unpublished, it ends in an hour.

        Raises:
            StoreUnavailable: Redis is away, or full.
            TooLarge: it would take more than an account's share.
        """
        size = sum(map(len, parts.values()))
        if size > MOST_BYTES:
            raise TooLarge(f"the index has {size >> 20} MiB, and an account may have {MOST_BYTES >> 20}")
        (number,) = await batch(self._connection, ("HINCRBY", keys.knowledge(account), "counter", 1))
        for audience, data in parts.items():
            key = keys.knowledge_version(account, int(number), audience)
            for at in range(0, len(data), _PIECE):
                await batch(self._connection, ("RPUSH", key, data[at : at + _PIECE]))
            await batch(self._connection, ("PEXPIRE", key, lifetimes.UNPUBLISHED_MS))
        return int(number)

    async def publish(self, account: str, version: int, about: bytes, token: str) -> None:
        """Put a version that was written in force, and drop those beyond the newest three.

        Raises:
            StoreUnavailable: Redis is away.
            Superseded: the right to ingest was lost meanwhile.
        """
        if not await self._runner.run(
            "publish_knowledge", account=account, version=version, about=about, kept=KEPT, token=token
        ):
            raise Superseded(f"another ingest of account {account} has taken over")

    async def note(self, account: str, version: int, about: bytes) -> None:
        """Replace what is known of a version that is kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await batch(self._connection, ("HSET", keys.knowledge_about(account), str(version), about))

    async def roll_back(self, account: str, version: int) -> bool:
        """Put a version that is kept in force; False where it is not kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return bool(await self._runner.run("roll_back_knowledge", account, version))

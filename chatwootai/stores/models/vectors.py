"""Embeddings that were paid for once, by account, kind and digest of their text.

Their bytes are bounded by kind: the longest unused leave first, so that they can never push out a message.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final

from chatwootai.stores import lifetimes
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner

MOST_BYTES: Final = {"documents": 96 * 1024 * 1024, "questions": 8 * 1024 * 1024}
_AT_ONCE: Final = 200


class Kind(StrEnum):
    """The kind of text that was encoded, which tells how long its embedding is kept."""

    DOCUMENTS = "documents"  # as long as a kept version uses them: who ingests forgets the others
    QUESTIONS = "questions"  # for a day


_KEPT_MS: Final = {Kind.DOCUMENTS: lifetimes.DOCUMENT_VECTOR_MS, Kind.QUESTIONS: lifetimes.QUESTION_VECTOR_MS}


class VectorStore:
    """Embeddings in Redis, as packed bytes. `most_bytes`: by kind, of all accounts."""

    def __init__(self, connection: Connection, *, most_bytes: Mapping[str, int] = MOST_BYTES) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)
        self._most_bytes = most_bytes

    async def recall(self, account: str, kind: Kind, digests: Sequence[str]) -> list[bytes]:
        """Return the embedding of each digest, empty where there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found: list[bytes] = []
        for at in range(0, len(digests), _AT_ONCE):
            some = digests[at : at + _AT_ONCE]
            found += await self._runner.run("vectors_recall", account, kind, _KEPT_MS[kind], *some)
        return found

    async def keep(self, account: str, kind: Kind, made: Mapping[str, bytes]) -> int:
        """Keep embeddings by digest; return how many others had to leave for them.

        Raises:
            StoreUnavailable: Redis is away.
        """
        pairs, left = list(made.items()), 0
        for at in range(0, len(pairs), _AT_ONCE):
            flat = [each for pair in pairs[at : at + _AT_ONCE] for each in pair]
            most = self._most_bytes[kind]
            left += int(await self._runner.run("vectors_keep", account, kind, most, _KEPT_MS[kind], *flat))
        return left

    async def forget_others(self, account: str, used: Collection[str]) -> int:
        """Forget the embeddings of an account's documents that no kept version uses; return how many there were.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await self._forget(account, Kind.DOCUMENTS, keep=frozenset(used))

    async def forget_questions(self, account: str) -> int:
        """Forget the embeddings of an account's questions; return how many there were.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await self._forget(account, Kind.QUESTIONS)

    async def purge(self, account: str | None = None) -> int:
        """Forget all embeddings, or those of one account; return how many there were.

        Raises:
            StoreUnavailable: Redis is away.
        """
        gone = 0
        for owner in [account] if account is not None else await self._accounts():
            for kind in Kind:
                gone += await self._forget(owner, kind)
        return gone

    async def count(self, account: str, kind: Kind) -> int:
        """Return how many embeddings of an account are kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return len(await self._digests(account, kind))

    async def sizes(self) -> dict[str, int]:
        """Return the bytes of all embeddings, by kind.

        Raises:
            StoreUnavailable: Redis is away.
        """
        kinds = list(Kind)
        (found,) = await batch(self._connection, ("HMGET", "cw:vectors:bytes", *kinds))
        return {kind: int(size or 0) for kind, size in zip(kinds, found, strict=True)}

    async def secret(self, proposed: bytes) -> bytes:
        """Return the installation's own secret for digests; the first that was proposed is it, for ever.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            await self._connection.set("cw:vectors:secret", proposed, nx=True)
            kept = await self._connection.get("cw:vectors:secret")
        return bytes(kept or proposed)

    async def _forget(self, account: str, kind: Kind, keep: frozenset[str] = frozenset()) -> int:
        gone, names = 0, [name for name in await self._digests(account, kind) if name not in keep]
        for at in range(0, len(names), _AT_ONCE):
            gone += int(await self._runner.run("vectors_forget", account, kind, *names[at : at + _AT_ONCE]))
        return gone

    async def _digests(self, account: str, kind: Kind) -> list[str]:
        start = kind[0].encode()  # of a digest: see `digest` in crews.encoding.cached
        (fields,) = await batch(self._connection, ("HKEYS", f"cw:vector:{account}"))
        return [name.decode() for name in fields if name.startswith(start)]

    async def _accounts(self) -> list[str]:
        found: set[str] = set()
        for kind in Kind:
            with store_errors(self._connection):
                async for name, _ in self._connection.zscan_iter(f"cw:vectors:{kind}"):
                    found.add(name.rpartition(b":")[0].decode(errors="replace"))
        return sorted(found)

"""Draft configurations: what somebody wants changed in an account's files, kept until it is put in force or dropped.

What is kept is packed as versions are, encrypted where there is a key; it is in force nowhere.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch

_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft of one account. `at`: when it was changed last, unix seconds; `by`: who changed it last."""

    account: str
    at: float
    by: str
    packed: bytes


class ConfigDrafts:
    """The drafts of one installation, at most one of an account; each lives for 30 days after its last change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, account: str) -> KeptDraft | None:
        """Return the account's draft; None where it has none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (found,) = await batch(self._connection, ("HMGET", keys.config_draft(account), "at", "by", "packed"))
        at, by, packed = found
        return KeptDraft(account, float(at), by.decode(), packed) if at and by and packed else None

    async def write(self, account: str, packed: bytes, *, by: str) -> None:
        """Keep an account's draft in the place of the one before.

        Raises:
            StoreUnavailable: Redis is away.
        """
        key, now = keys.config_draft(account), time.time()
        gone = now - lifetimes.DRAFT_MS / 1000
        await batch(
            self._connection,
            ("HSET", key, "at", now, "by", by, "packed", packed),
            ("PEXPIRE", key, lifetimes.DRAFT_MS),
            ("ZADD", keys.CONFIG_DRAFTS, now, account),
            ("ZREMRANGEBYSCORE", keys.CONFIG_DRAFTS, "-inf", gone),
            ("PEXPIRE", keys.CONFIG_DRAFTS, lifetimes.DRAFT_MS),
            atomic=True,
        )

    async def drop(self, account: str) -> bool:
        """Forget an account's draft; False where it has none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        gone, _ = await batch(
            self._connection, ("DEL", keys.config_draft(account)), ("ZREM", keys.CONFIG_DRAFTS, account), atomic=True
        )
        return bool(gone)

    async def all(self) -> Sequence[KeptDraft]:
        """Return the drafts, the newest first, at most 1,000.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (names,) = await batch(self._connection, ("ZRANGE", keys.CONFIG_DRAFTS, 0, _MOST - 1, "REV"))
        found = [await self.read(name.decode()) for name in names]
        return [one for one in found if one is not None]

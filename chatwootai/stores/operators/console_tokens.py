"""Tokens with which people enter the console: kept as digests, each with its role, its account and its end."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch, store_errors

PREFIX: Final = "cwc"
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleToken:
    """A token as it is kept, without the token itself. `created`, `expires`, `used`: unix seconds; `used` 0: never.

    `role`: viewer, lead or operator. `account`: the one whose pages it opens; None: all. `words`: whether its holder
    may read what customers wrote. `name`: who holds it, in the words of who made it. `digest`: SHA-256 of its secret.
    """

    id: str
    role: str
    account: str | None
    words: bool
    name: str
    created: float
    expires: float
    digest: str
    used: float = 0.0

    @property
    def over(self) -> bool:
        """Tell whether its time is over."""
        return time.time() >= self.expires


class ConsoleTokens:
    """All tokens of an installation: a few dozen, made and revoked by operators."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection

    async def add(
        self, *, role: str, account: str | None, words: bool, name: str, seconds: float
    ) -> tuple[str, ConsoleToken]:
        """Make a token, which is returned this once, and keep its digest.

        Raises:
            StoreUnavailable: Redis is away.
        """
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), time.time()
        made = ConsoleToken(
            id=secrets.token_hex(_ID_BYTES),
            role=role,
            account=account,
            words=words,
            name=name,
            created=now,
            expires=now + seconds,
            digest=_digest(secret),
        )
        with store_errors(self._connection):
            await self._connection.hset(keys.CONSOLE_TOKENS, made.id, orjson.dumps(asdict(made)))
        return f"{PREFIX}_{made.id}_{secret}", made

    async def check(self, token: str) -> ConsoleToken | None:
        """Return the token that these words are; None where they are none, or one that is revoked or over.

        Raises:
            StoreUnavailable: Redis is away.
        """
        prefix, _, rest = token.partition("_")
        name, _, secret = rest.partition("_")
        if prefix != PREFIX or len(name) != 2 * _ID_BYTES or not secret.isascii():
            return None
        found = await self.read(name)
        if found is None or not hmac.compare_digest(found.digest, _digest(secret)):
            return None
        return found

    async def read(self, token_id: str) -> ConsoleToken | None:
        """Return the token of an id; None where there is none, or its time is over.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            raw = await self._connection.hget(keys.CONSOLE_TOKENS, token_id)
        found = _token(raw) if raw else None
        return found if found and not found.over else None

    async def all(self) -> Sequence[ConsoleToken]:
        """Return all tokens, the newest first; those whose time is over too, until they are revoked.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            raws = await self._connection.hvals(keys.CONSOLE_TOKENS)
            used = await self._connection.hgetall(keys.CONSOLE_USED)
        found = [one for one in map(_token, raws) if one is not None]
        dated = [_with_last_use(one, used.get(one.id.encode())) for one in found]
        return sorted(dated, key=lambda one: one.created, reverse=True)

    async def note_use(self, token_id: str) -> None:
        """Note that somebody entered with a token.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            await self._connection.hset(keys.CONSOLE_USED, token_id, int(time.time()))

    async def revoke(self, token_id: str) -> bool:
        """Forget a token, and with it the sessions that were opened by it; False if there was none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        gone, _ = await batch(
            self._connection,
            ("HDEL", keys.CONSOLE_TOKENS, token_id),
            ("HDEL", keys.CONSOLE_USED, token_id),
            atomic=True,
        )
        return bool(gone)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(raw: bytes) -> ConsoleToken | None:
    try:
        said = orjson.loads(raw)
        return ConsoleToken(**{name: said[name] for name in ConsoleToken.__slots__ if name in said})
    except (ValueError, TypeError):
        return None


def _with_last_use(one: ConsoleToken, at: bytes | None) -> ConsoleToken:
    return ConsoleToken(**{**asdict(one), "used": float(at or 0)})

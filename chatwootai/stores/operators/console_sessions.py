"""Sessions of the console: a random id in the browser's cookie, its digest here, with who it is and until when."""

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch

SESSION_SECONDS: Final = lifetimes.SESSION_MS / 1000
_ID_BYTES: Final = 32
_PUBLIC: Final = 12
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession:
    """A session. `id`: how operators name it, from which the cookie cannot be told; `began`, `ends`: unix seconds.

    `who`: whom it stands for, as the way of logging in has it: {"token": id} or an identity that came from elsewhere.
    """

    id: str
    began: float
    ends: float
    who: Mapping[str, Any]


class ConsoleSessions:
    """All sessions: each ends 12 hours after it began, and an hour after its last request."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(self, who: Mapping[str, Any], seconds: float = SESSION_SECONDS) -> str:
        """Open a session, at the longest for so many seconds; what the cookie holds.

        Raises:
            StoreUnavailable: Redis is away.
        """
        cookie, now = secrets.token_urlsafe(_ID_BYTES), time.time()
        digest, ends = _digest(cookie), now + seconds
        kept = orjson.dumps({"began": now, "ends": ends, "who": dict(who)})
        await batch(
            self._connection,
            ("SET", keys.console_session(digest), kept, "PX", lifetimes.SESSION_IDLE_MS),
            ("ZADD", keys.CONSOLE_SESSIONS, ends, digest),
            ("ZREMRANGEBYSCORE", keys.CONSOLE_SESSIONS, "-inf", now),
            ("PEXPIRE", keys.CONSOLE_SESSIONS, lifetimes.SESSION_MS),
            atomic=True,
        )
        return cookie

    async def read(self, cookie: str) -> ConsoleSession | None:
        """Return the session of a cookie, and let its hour begin anew; None where there is none any more.

        Raises:
            StoreUnavailable: Redis is away.
        """
        digest = _digest(cookie)
        (raw,) = await batch(self._connection, ("GETEX", keys.console_session(digest), "PX", lifetimes.SESSION_IDLE_MS))
        found = _session(digest, raw)
        return found if found and time.time() < found.ends else None

    async def close(self, cookie: str) -> None:
        """End the session of a cookie.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._forget(_digest(cookie))

    async def all(self) -> Sequence[ConsoleSession]:
        """Return the open sessions, the newest first, at most 1,000.

        Raises:
            StoreUnavailable: Redis is away.
        """
        newest = ("ZRANGE", keys.CONSOLE_SESSIONS, "+inf", time.time(), "BYSCORE", "REV", "LIMIT", 0, _MOST)
        (names,) = await batch(self._connection, newest)
        if not names:
            return []
        digests = [name.decode() for name in names]
        (raws,) = await batch(self._connection, ("MGET", *map(keys.console_session, digests)))
        found = [_session(digest, raw) for digest, raw in zip(digests, raws, strict=True)]
        return [one for one in found if one is not None]

    async def revoke(self, session_id: str) -> bool:
        """End the session that operators know by this id; False if there is none.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (names,) = await batch(self._connection, ("ZRANGE", keys.CONSOLE_SESSIONS, 0, -1))
        for name in names:
            if name.decode()[:_PUBLIC] == session_id:
                return await self._forget(name.decode())
        return False

    async def _forget(self, digest: str) -> bool:
        gone, _ = await batch(
            self._connection,
            ("DEL", keys.console_session(digest)),
            ("ZREM", keys.CONSOLE_SESSIONS, digest),
            atomic=True,
        )
        return bool(gone)


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _session(digest: str, raw: bytes | None) -> ConsoleSession | None:
    if raw is None:
        return None
    said = orjson.loads(raw)
    return ConsoleSession(id=digest[:_PUBLIC], began=said["began"], ends=said["ends"], who=said["who"])

"""The check of a running Redis: eviction policy, append-only file, memory use."""

from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import ResponseError

from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.errors import NOPERM, StoreUnavailable, store_errors, understood
from chatwootai.telemetry.metrics import REDIS_FOOTING

_NEARLY_FULL: Final = 0.9
_MIB: Final = 1024 * 1024
UNKNOWN: Final = "it does not say whether it keeps what it is given (INFO): see to noeviction and an append-only file"
"""What to tell an operator where `check_server` returns None."""


async def server_version(connection: Connection) -> str | None:
    """Return the version that the server says it is; None: it does not let us ask.

    Raises:
        StoreUnavailable: Redis is away.
    """
    try:
        found: dict[str, Any] = await connection.info("server")
    except ResponseError:
        return None
    except Exception:
        with store_errors(connection):
            raise
    return str(found.get("redis_version") or "") or None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCheck:
    """Bytes used, of `most` (0: all of the machine's); what Redis does when it is full; whether it writes an AOF.

    `replica`: it copies another, and takes no writes.
    """

    used: int
    most: int
    policy: str
    append_only: bool
    replica: bool = False

    @property
    def troubles(self) -> tuple[str, ...]:
        """Return what an operator should change, a sentence each."""
        found = []
        if self.replica:
            found.append("it is a replica and takes no writes: `replicaof no one`, or let REDIS_URL name the master")
        if self.policy != "noeviction":
            found.append(f"when full it drops what waits ({self.policy}): set maxmemory-policy noeviction")
        if not self.append_only:
            found.append("without an append-only file a restart forgets what waits: set appendonly yes")
        if self.most and self.used >= self.most:
            found.append(
                f"it is full, {self.used // _MIB} of {self.most // _MIB} MiB are used: raise maxmemory (`redis-cli "
                "config set maxmemory`); doors keep messages in their journals meanwhile"
            )
        elif self.most and self.used > _NEARLY_FULL * self.most:
            found.append(f"{self.used // _MIB} of {self.most // _MIB} MiB are used: raise maxmemory before it refuses")
        return tuple(found)


async def tell_footing(connection: Connection) -> None:
    """Have the metric say whether this Redis keeps what it is given.

    Raises:
        StoreUnavailable: Redis is away.
    """
    found = await check_server(connection)
    aof = "unknown" if found is None else "yes" if found.append_only else "no"
    REDIS_FOOTING.clear()
    REDIS_FOOTING.labels("unknown" if found is None else found.policy, aof).set(1)


async def check_server(connection: Connection) -> ServerCheck | None:
    """Return the settings that Redis reports; None where its user may not ask.

    Raises:
        StoreUnavailable: Redis is away.
    """
    try:
        memory: dict[str, Any] = await connection.info("memory")
        persistence: dict[str, Any] = await connection.info("persistence")
        replication: dict[str, Any] = await connection.info("replication")
    except ResponseError as error:
        meant = understood(error)
        if isinstance(meant, StoreUnavailable) and meant.code not in {NOPERM, "ERR"}:
            raise meant from error
        return None  # a user without the right to ask, or a service that does not say
    except Exception:
        with store_errors(connection):
            raise
    return ServerCheck(
        used=int(memory.get("used_memory", 0)),
        most=int(memory.get("maxmemory", 0)),
        policy=str(memory.get("maxmemory_policy", "noeviction")),
        append_only=bool(persistence.get("aof_enabled", 1)),
        replica=replication.get("role") == "slave",
    )

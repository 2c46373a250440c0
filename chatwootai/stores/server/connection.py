"""Connections to Redis: a client for the address in REDIS_URL, through Sentinel where it names one."""

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import Connection as PlainConnection
from redis.asyncio.connection import ConnectionPool, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from chatwootai.stores.server.address import DEFAULT_URL, Address, BadRedisUrl, address
from chatwootai.stores.server.errors import StoreMisused, StoreUnavailable, store_errors
from chatwootai.stores.server.state import name_client

__all__ = [
    "DEFAULT_URL", "BadRedisUrl", "Connection", "StoreMisused", "StoreUnavailable", "batch", "connect", "store_errors",
]  # fmt: skip

Connection = Redis


def connect(
    url: str,
    *,
    shard: str = "",
    timeout: float = 2.0,
    retries: int = 1,
    pause: float = 0.2,
    max_connections: int = 64,
) -> Connection:
    """Return a lazy client for `url`; nothing is sent yet.

    Args:
        url: redis://, rediss://, unix:// or redis+sentinel://host:port,host:port/service/db (address.py).
        shard: the name of this Redis where there are several; what its calls meet is told under it.
        timeout: seconds for connecting and for each answer; a frozen Redis counts as away after it.
        retries: how often a broken connection is tried again before a call fails.
        pause: at most so many seconds between two tries.
        max_connections: of the pool; who would need one more is told that Redis is away.

    Raises:
        BadRedisUrl: `url` has another scheme, a part that means nothing, or an option that is not known.
    """
    client = _client(address(url), timeout, Retry(ExponentialBackoff(cap=pause, base=0.01), retries), max_connections)
    name_client(client, shard)
    return client


def _client(found: Address, timeout: float, retry: Retry, max_connections: int) -> Connection:
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": retry,
        "retry_on_error": [RedisConnectionError, OSError],
        "health_check_interval": 0,
        **found.options,
    }
    if found.service:
        return _behind_sentinels(found, options)
    kind = UnixDomainSocketConnection if not found.hosts else SSLConnection if found.tls else PlainConnection
    pool = ConnectionPool(connection_class=kind, max_connections=max_connections, **options)
    client: Connection = Redis.from_pool(pool)
    return client


def _behind_sentinels(found: Address, options: dict[str, Any]) -> Connection:
    timeouts = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout")}
    asked = {**timeouts, "retry": Retry(NoBackoff(), 0), **found.sentinel_options}
    sentinels = _Sentinels(list(found.hosts), sentinel_kwargs=asked)  # type: ignore[no-untyped-call]  # no types here
    client: Connection = sentinels.master_for(found.service, ssl=found.tls, **options)
    return client


class _Sentinels(Sentinel):
    """Asks one sentinel after the other. Where none tells, the error says why: a login before a silence.

    All connections of a client that break at once ask at once: one of them asks for all. Else each would close a
    connection to the sentinel that another is about to use.
    """

    _asking: asyncio.Future[tuple[str, int]] | None = None

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Return host and port of the primary, for a service that is the same at each call."""
        if self._asking is None or self._asking.get_loop() is not asyncio.get_running_loop():
            self._asking = asyncio.ensure_future(self._ask(service_name))
            self._asking.add_done_callback(self._told)
        return await asyncio.shield(self._asking)

    def _told(self, asked: asyncio.Future[tuple[str, int]]) -> None:
        self._asking = None
        if not asked.cancelled():
            asked.exception()  # seen, also where all who waited for it are gone

    async def _ask(self, service_name: str) -> tuple[str, int]:
        errors: list[Exception] = []
        known: set[str] = set()
        for number, sentinel in enumerate(self.sentinels):
            try:
                services = await sentinel.sentinel_masters()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
            except (RedisError, OSError, TimeoutError) as error:
                errors.append(error)
                continue
            finally:  # asked once in a while, and nobody who closes the client would close these
                await sentinel.connection_pool.disconnect(inuse_connections=False)
            state = services.get(service_name)
            if state and self.check_master_state(state, service_name):
                self.sentinels[0], self.sentinels[number] = sentinel, self.sentinels[0]  # first to be asked next time
                return state["ip"], state["port"]
            known |= set(services)
        raise _nobody_told(service_name, errors, known)


def _nobody_told(service: str, errors: list[Exception], known: set[str]) -> Exception:
    for error in errors:
        if isinstance(error, AuthenticationError):
            return AuthenticationError(f"Sentinel refuses our login: {error}")
    if service in known:
        return MasterNotFoundError(f"Sentinel says that {service} is down")
    if known:
        return MasterNotFoundError(f"Sentinel knows no service of that name, but {', '.join(sorted(known))}")
    return RedisConnectionError(f"no Sentinel tells where Redis is: {errors[-1] if errors else 'none knows a service'}")


async def batch(
    connection: Connection, *commands: tuple[str | bytes | int | float, ...], atomic: bool = False
) -> list[Any]:
    """Send several plain commands in one round trip; their answers, in order. `atomic`: as one step.

    Raises:
        StoreUnavailable: Redis is away.
    """
    pipeline = connection.pipeline(transaction=atomic)
    for command in commands:
        pipeline.execute_command(*command)
    with store_errors(connection):
        return list(await pipeline.execute())

"""How we reach Redis: every URL that an operator may write, and one error for all the ways in which it is away."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

Connection = Redis

DEFAULT_URL = "redis://127.0.0.1:6379/0"
_AWAY = (
    RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, OutOfMemoryError, OSError,
    asyncio.TimeoutError,
)  # fmt: skip
_REFUSES = re.compile(r"\b(OOM|MISCONF|READONLY|LOADING|CLUSTERDOWN|MASTERDOWN|NOREPLICAS) ")
"""In the error of a script it may stand behind other words (Redis 6.2), and redis-py takes some from the front."""


class StoreUnavailable(Exception):
    """Redis is away, frozen, loading or full. Whether the command ran is unknown; every script bears a second run."""


class BadRedisUrl(ValueError):
    """REDIS_URL is not one of redis://, rediss://, unix:// or redis+sentinel://."""


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the many errors of an absent Redis into StoreUnavailable; what is a mistake of ours stays what it is."""
    try:
        yield
    except _AWAY as error:
        raise StoreUnavailable(type(error).__name__) from error
    except ResponseError as error:
        if refuses := _REFUSES.search(str(error)):
            raise StoreUnavailable(refuses[1]) from error
        raise
    except RedisError as error:
        raise StoreUnavailable(type(error).__name__) from error


def connect(url: str, *, timeout: float = 2.0, retries: int = 1, max_connections: int = 64) -> Connection:
    """A lazy client for `url`; nothing is sent yet.

    Args:
        url: redis://, rediss://, unix:// or redis+sentinel://host:port,host:port/service/db.
        timeout: seconds for connecting and for each answer; a frozen Redis counts as away after it.
        retries: how often a broken connection is tried again before a call fails.
        max_connections: of the pool; more callers than that wait.

    Raises:
        BadRedisUrl: `url` has another scheme, or a sentinel URL no service.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(ExponentialBackoff(cap=0.2, base=0.01), retries),
        "retry_on_error": [RedisConnectionError, OSError],
        "health_check_interval": 0,
    }
    scheme = url.partition("://")[0]
    if scheme == "redis+sentinel":
        return _sentinel(url, options)
    if scheme not in {"redis", "rediss", "unix"}:
        raise BadRedisUrl(f"{scheme}:// is not redis://, rediss://, unix:// or redis+sentinel://")
    client: Connection = Redis.from_url(url, max_connections=max_connections, **options)
    return client


def sentinel_hosts(url: str) -> tuple[list[tuple[str, int]], str, int]:
    """Hosts, service and database of a redis+sentinel:// URL.

    Raises:
        BadRedisUrl: hosts or service are missing.
    """
    parts = urlsplit(url)
    hosts = [_host(item) for item in parts.netloc.rpartition("@")[2].split(",") if item]
    service, _, database = parts.path.strip("/").partition("/")
    if not hosts or not service:
        raise BadRedisUrl("a sentinel URL reads redis+sentinel://host:port,host:port/service/db")
    return hosts, service, int(database or 0)


def _sentinel(url: str, options: dict[str, Any]) -> Connection:
    hosts, service, database = sentinel_hosts(url)
    raw = urlsplit(url).password
    password = unquote(raw) if raw else None
    sentinel = Sentinel(hosts, socket_timeout=options["socket_timeout"])  # type: ignore[no-untyped-call]  # redis has no types here
    client: Connection = sentinel.master_for(service, db=database, password=password, **options)
    return client


def _host(item: str) -> tuple[str, int]:
    host, _, port = item.rpartition(":")
    return (host, int(port)) if host else (item, 26379)

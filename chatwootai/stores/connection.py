"""How we reach Redis: every URL that an operator may write."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from chatwootai.stores.errors import StoreMisused, StoreUnavailable, store_errors

__all__ = ["BadRedisUrl", "Connection", "StoreMisused", "StoreUnavailable", "connect", "store_errors"]

Connection = Redis

DEFAULT_URL = "redis://127.0.0.1:6379/0"
SENTINEL = "redis+sentinel://"
_READS = (
    "REDIS_URL: it reads redis://[user:password@]host:port/number, or unix:///path?db=number; "
    "in a password, @ : / ? # and % are written as %40 %3A %2F %3F %23 and %25"
)


class BadRedisUrl(ValueError):
    """REDIS_URL is not one of redis://, rediss://, unix:// or redis+sentinel://; says so without repeating it."""


def connect(
    url: str, *, timeout: float = 2.0, retries: int = 1, pause: float = 0.2, max_connections: int = 64
) -> Connection:
    """A lazy client for `url`; nothing is sent yet.

    Args:
        url: redis://, rediss://, unix:// or redis+sentinel://host:port,host:port/service/db.
        timeout: seconds for connecting and for each answer; a frozen Redis counts as away after it.
        retries: how often a broken connection is tried again before a call fails.
        pause: at most so many seconds between two tries.
        max_connections: of the pool; who would need one more is told that Redis is away.

    Raises:
        BadRedisUrl: `url` has another scheme, a part that means nothing, or a sentinel URL no service.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(ExponentialBackoff(cap=pause, base=0.01), retries),
        "retry_on_error": [RedisConnectionError, OSError],
        "health_check_interval": 0,
    }
    if url.startswith(SENTINEL):
        return _sentinel(url, options)
    client: Connection = Redis.from_url(url, max_connections=max_connections, **options, **_checked(told(url)))
    return client


def told(url: str) -> dict[str, Any]:
    """What a redis://, rediss:// or unix:// URL says, in redis-py's words.

    Raises:
        BadRedisUrl: it has another scheme, or a part that means nothing.
    """
    scheme = url.partition("://")[0]
    if scheme not in {"redis", "rediss", "unix"}:
        named = f"{scheme}:// is not" if scheme.isidentifier() and scheme != url else "it is none of"
        raise BadRedisUrl(f"REDIS_URL: {named} redis://, rediss://, unix:// or redis+sentinel://")
    try:
        found: dict[str, Any] = dict(parse_url(url))
        database = urlsplit(url).path.strip("/")
    except ValueError:  # its words may quote the password
        raise BadRedisUrl(_READS) from None
    if scheme != "unix" and database and not database.isdecimal():
        raise BadRedisUrl(_READS)
    return found


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    """Over TLS, the certificate must be the host's: redis-py takes any that a known authority signed."""
    secure = found.get("connection_class") is SSLConnection
    return {"ssl_check_hostname": True} if secure and found.get("ssl_cert_reqs") != "none" else {}


@dataclass(frozen=True, slots=True)
class Sentinels:
    """What a redis+sentinel:// URL says. Name and password are Redis' own; Sentinel is asked without."""

    hosts: list[tuple[str, int]]
    service: str
    database: int
    username: str | None
    password: str | None


def sentinels(url: str) -> Sentinels:
    """Read a redis+sentinel:// URL.

    Raises:
        BadRedisUrl: hosts or service are missing, or a port or the database is no number.
    """
    parts = urlsplit(url)
    login, _, netloc = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    try:
        hosts = [_host(item) for item in netloc.split(",") if item]
        number = int(database or 0)
    except ValueError:
        hosts = []
    if not hosts or not service:
        raise BadRedisUrl("REDIS_URL: a sentinel URL reads redis+sentinel://host:port,host:port/service/db")
    return Sentinels(hosts, service, number, unquote(username) or None, unquote(password) or None)


def _sentinel(url: str, options: dict[str, Any]) -> Connection:
    found = sentinels(url)
    sentinel = Sentinel(found.hosts, socket_timeout=options["socket_timeout"])  # type: ignore[no-untyped-call]  # redis has no types here
    client: Connection = sentinel.master_for(
        found.service, db=found.database, username=found.username, password=found.password, **options
    )
    return client


def _host(item: str) -> tuple[str, int]:
    host, _, port = item.rpartition(":")
    return (host, int(port)) if host else (item, 26379)

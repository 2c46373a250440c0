"""The one place besides the workers that knows arq: how its own CLI reaches the Redis that REDIS_URL names."""

from urllib.parse import unquote, urlsplit

from arq.connections import RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chatwootai.stores.connection import DEFAULT_URL, sentinel_hosts


def redis_settings(url: str | None) -> RedisSettings:
    """Arq's settings for a URL, with the retries without which its worker exits when Redis goes away.

    Raises:
        BadRedisUrl: a sentinel URL without hosts or service.
    """
    settings = _of(url or DEFAULT_URL)
    settings.retry = Retry(ExponentialBackoff(cap=1), 20)
    settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    settings.retry_on_timeout = True
    settings.conn_retries = 60
    return settings


def _of(url: str) -> RedisSettings:
    if not url.startswith("redis+sentinel://"):
        return RedisSettings.from_dsn(url)
    hosts, service, database = sentinel_hosts(url)
    password = urlsplit(url).password
    return RedisSettings(
        host=hosts,
        sentinel=True,
        sentinel_master=service,
        database=database,
        password=unquote(password) if password else None,
    )

"""The one place besides the workers that knows arq: how its own CLI reaches the Redis that REDIS_URL names."""

from dataclasses import fields

from arq.connections import ArqRedis, RedisSettings

from chatwootai.stores.connection import DEFAULT_URL, SENTINEL, connect, sentinels, told

_RETRIES = 60
_PAUSE = 1.0


def pool(url: str | None) -> ArqRedis:
    """What arq's own worker runs on: it exits when Redis is away for longer than a call is tried again, a minute.

    Raises:
        BadRedisUrl: the URL means nothing.
    """
    connection = connect(url or DEFAULT_URL, timeout=5.0, retries=_RETRIES, pause=_PAUSE)
    return ArqRedis(connection_pool=connection.connection_pool)


def redis_settings(url: str | None) -> RedisSettings:
    """The same Redis in arq's words, for `arq --check`, which makes its own connection.

    Raises:
        BadRedisUrl: the URL means nothing.
    """
    url = url or DEFAULT_URL
    return _of_sentinels(url) if url.startswith(SENTINEL) else _of(url)


def _of(url: str) -> RedisSettings:
    found = told(url)
    secure = {field.name for field in fields(RedisSettings) if field.name.startswith("ssl_")} & set(found)
    return RedisSettings(
        host=found.get("host", "localhost"),
        port=found.get("port", 6379),
        unix_socket_path=found.get("path"),
        database=int(found.get("db", 0)),
        username=found.get("username"),
        password=found.get("password"),
        ssl=url.startswith("rediss://"),
        **{name: found[name] for name in secure},
    )


def _of_sentinels(url: str) -> RedisSettings:
    found = sentinels(url)
    return RedisSettings(
        host=found.hosts,
        sentinel=True,
        sentinel_master=found.service,
        database=found.database,
        username=found.username,
        password=found.password,
    )

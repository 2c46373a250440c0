"""Connections for arq's own CLI to the Redis that REDIS_URL names; no other module of the stores knows arq."""

from dataclasses import fields

from arq.connections import ArqRedis, RedisSettings

from chatwootai.stores.server.address import address
from chatwootai.stores.server.connection import DEFAULT_URL, Connection, connect
from chatwootai.stores.server.scripts import Runner
from chatwootai.stores.server.state import name_client, state_of

_RETRIES = 60
_PAUSE = 1.0


class Pool(ArqRedis):
    """arq's client on our connection. Its sign of life is taken by a full Redis too: a worker there is no dead one."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection_pool=connection.connection_pool)
        name_client(self, state_of(connection).shard)
        self._runner = Runner.of(connection)

    async def psetex(self, name: str, time_ms: int, value: bytes) -> bool:  # type: ignore[override]  # redis-py: Any
        """Set a key for so many ms; of arq's calls only that of its health key comes here.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return bool(await self._runner.run("health", name, time_ms, value))


def pool(url: str | None) -> ArqRedis:
    """Return the connection of arq's own worker, which exits when Redis is away for longer than a minute.

    Raises:
        BadRedisUrl: the URL means nothing.
    """
    connection = connect(url or DEFAULT_URL, timeout=5.0, retries=_RETRIES, pause=_PAUSE)
    return Pool(connection)


def redis_settings(url: str | None) -> RedisSettings:
    """Return the same Redis in arq's settings, for `arq --check`, which makes its own connection.

    It has no words for a login of the sentinels' own: there, ask a worker's /readyz instead.

    Raises:
        BadRedisUrl: the URL means nothing.
    """
    found = address(url or DEFAULT_URL)
    options = found.options
    named = {field.name for field in fields(RedisSettings) if field.name.startswith("ssl_")} & set(options)
    return RedisSettings(
        host=list(found.hosts) if found.service else str(options.get("host", "localhost")),
        port=int(options.get("port", 6379)),
        unix_socket_path=options.get("path"),
        database=int(options["db"]),
        username=options.get("username"),
        password=options.get("password"),
        ssl=found.tls,
        sentinel=bool(found.service),
        sentinel_master=found.service or "mymaster",
        **{name: options[name] for name in named},
    )

"""Several plain commands in one round trip, as one step where it matters: what redis-py's own types cannot say."""

from typing import Any

from chatwootai.stores.server.connection import Connection, store_errors
from chatwootai.stores.server.scripts import Argument


async def together(connection: Connection, *commands: tuple[Argument, ...], atomic: bool = False) -> list[Any]:
    """Run commands side by side; their answers, in order.

    Raises:
        StoreUnavailable: Redis is away.
    """
    pipeline = connection.pipeline(transaction=atomic)
    for command in commands:
        pipeline.execute_command(*command)
    with store_errors():
        return list(await pipeline.execute())

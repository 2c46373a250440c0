"""Reads how long a kind of an account's data is kept, for writers that are no scripts (`kept_ms` of queue.lua)."""

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch


async def kept_ms(connection: Connection, account: str, kind: str) -> int:
    """Return for how many milliseconds a kind of an account's data is kept.

    Raises:
        StoreUnavailable: Redis is away.
    """
    (said,) = await batch(connection, ("HGET", keys.retention(account), kind))
    return min(int(said), lifetimes.RETAINED[kind]) if said else lifetimes.RETAINED[kind]

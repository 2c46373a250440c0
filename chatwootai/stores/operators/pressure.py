"""Counts of what waits, and of accounts that have as many messages waiting as they may."""

from dataclasses import dataclass

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch


@dataclass(frozen=True, slots=True)
class Pressure:
    """Messages in mailboxes; `full`: tenants that have `most` of them or more, and are answered 429.

    `ready`: turns that wait for a slot.
    """

    messages: int
    full: int
    most: int
    ready: int = 0


async def pressure(connection: Connection, most: int) -> Pressure:
    """Look at the mailboxes of all tenants.

    Raises:
        StoreUnavailable: Redis is away.
    """
    counts, queued, scheduled = await batch(
        connection, ("HVALS", keys.WAITING), ("ZCARD", keys.QUEUE), ("ZCARD", keys.SCHEDULED)
    )
    waiting = [int(count) for count in counts]
    return Pressure(sum(waiting), sum(count >= most for count in waiting), most, max(0, queued - scheduled))

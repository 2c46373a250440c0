"""How much waits, in all, and for how many tenants as much as may."""

from dataclasses import dataclass

from chatwootai.stores import keys
from chatwootai.stores.connection import Connection
from chatwootai.stores.together import together


@dataclass(frozen=True, slots=True)
class Pressure:
    """Messages in mailboxes; `full`: tenants that have `most` of them or more, and are answered 429."""

    messages: int
    full: int
    most: int


async def pressure(connection: Connection, most: int) -> Pressure:
    """Look at the mailboxes of all tenants.

    Raises:
        StoreUnavailable: Redis is away.
    """
    (counts,) = await together(connection, ("HVALS", keys.WAITING))
    waiting = [int(count) for count in counts]
    return Pressure(sum(waiting), sum(count >= most for count in waiting), most)

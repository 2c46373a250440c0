"""The state of the whole queue in a few numbers, for metrics: what each process that asks sees alike."""

from dataclasses import dataclass
from typing import Final

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.scripts import Runner

_MOST_LOOKED_AT: Final = 500


@dataclass(frozen=True, slots=True)
class Overview:
    """Numbers of the whole installation.

    `oldest_high`, `oldest_normal`: seconds that the turn which waits longest in that lane has waited, 0 where none
    does; `dead_letters`: those of the last 30 days that nobody has retried or dropped; `workers`: workers that listen;
    `tokens_refused`: tokens that Chatwoot does not take.
    """

    oldest_high: float
    oldest_normal: float
    dead_letters: int
    workers: int
    tokens_refused: int


async def overview(connection: Connection) -> Overview:
    """Look at the whole queue; of a long one at the turns that are next.

    Raises:
        StoreUnavailable: Redis is away.
    """
    high, normal = await Runner.of(connection).run("oldest", most=_MOST_LOOKED_AT)
    dead, refused, channels = await batch(
        connection, ("ZCARD", keys.DEAD), ("SCARD", keys.REFUSED), ("PUBSUB CHANNELS", keys.signals("*"))
    )
    return Overview(high / 1000, normal / 1000, dead, len(channels), refused)

"""The number of the form in which keys and jobs are written, so that releases know whether they may share a Redis.

A release reads what it writes and what the one before it wrote; the one before reads what it writes, since entries
only gain fields, and readers leave out what they do not know. So two forms that follow each other may share a Redis:
neither an upgrade nor its undoing needs a stop. tests/contract keeps what the previous release wrote.
"""

from typing import Final

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch

FORMAT: Final = 2
"""0.1.0 wrote form 1, and no number."""


async def agree(connection: Connection) -> int:
    """Note our form where Redis holds an older one, and return by how many forms what it holds is ahead of us.

    Raises:
        StoreUnavailable: Redis is away.
    """
    (raw,) = await batch(connection, ("GET", keys.FORMAT))
    held = int(raw) if raw is not None and raw.isdigit() else 1
    if held < FORMAT:
        await batch(connection, ("SET", keys.FORMAT, FORMAT))
    return max(0, held - FORMAT)

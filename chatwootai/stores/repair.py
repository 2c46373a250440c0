"""The sweep: conversations with something to do whose job is gone get another."""

from chatwootai.stores.connection import Connection, store_errors
from chatwootai.stores.keys import SWEEP
from chatwootai.stores.scripts import Runner

_SETTLED_MS = 2_000
_AT_ONCE = 500


class Repair:
    """One sweeper at a time, whichever worker comes first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def sweep(self, *, every: float) -> list[str]:
        """Mend what is broken, unless another swept within `every` seconds. Returns the conversations mended.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors():
            mine = await self._connection.set(SWEEP, b"1", px=int(every * 1000), nx=True)
        if not mine:
            return []
        return [conv.decode() for conv in await self._runner.run("repair", _SETTLED_MS, _AT_ONCE)]

"""Circuit breakers that all workers share: how often an endpoint failed in a row, and until when it is left alone."""

from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner


class BreakerStore:
    """Circuit breakers in Redis, by a target's name (which shows neither address nor key)."""

    def __init__(self, connection: Connection) -> None:
        self._runner = Runner.of(connection)

    async def trip(self, name: str, *, failures: int, rest_ms: int, longest_ms: int, pause_ms: int) -> int:
        """Note a failure; milliseconds that the target is to be left alone.

        After `failures` in a row it rests `rest_ms`, twice that each time it fails again, at most `longest_ms`.
        `failures` 0: nothing is counted, it wants a pause of `pause_ms`.

        Raises:
            StoreUnavailable: Redis is away.
        """
        rest = await self._runner.run(
            "trip", target=name, failures=failures, rest_ms=rest_ms, longest_ms=longest_ms, pause_ms=pause_ms
        )
        return int(rest)

    async def mend(self, name: str) -> None:
        """Note that the target answered, and forget its failures.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("mend", name)

    async def look(self, names: list[str]) -> list[int]:
        """Return the milliseconds that each is to be left alone, in order.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return [int(rest) for rest in await self._runner.run("rests", *names)] if names else []

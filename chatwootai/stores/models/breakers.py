"""Circuit breakers that all workers share: how often an endpoint failed in a row, and until when it is left alone."""

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.scripts import Runner


class BreakerStore:
    """Circuit breakers in Redis, by a target's name (which shows neither address nor key)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
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

    async def resting(self, now: float) -> dict[str, float]:
        """Return the targets that are left alone now, each with the unix seconds until when.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (found,) = await batch(
            self._connection, ("ZRANGE", keys.BREAKERS, int(now * 1000), "+inf", "BYSCORE", "WITHSCORES")
        )
        flat = [one for pair in found for one in (pair if isinstance(pair, list | tuple) else (pair,))]
        return {name.decode(): float(until) / 1000 for name, until in zip(flat[::2], flat[1::2], strict=True)}

    async def look(self, names: list[str]) -> list[int]:
        """Return the milliseconds that each is to be left alone, in order.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return [int(rest) for rest in await self._runner.run("rests", *names)] if names else []

"""A key's minute, shared by all workers: requests and tokens that an endpoint lets it have."""

from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner


class LimitStore:
    """Token buckets in Redis, by an endpoint's id (which shows neither address nor key), as one worker sees them."""

    def __init__(self, connection: Connection, worker: str) -> None:
        """`worker`: a name that no other process has; it stands in line for its most urgent request."""
        self._runner = Runner.of(connection)
        self._worker = worker

    async def take(self, endpoint: str, *, rank: int, requests: int | None, tokens: int | None, size: int) -> float:
        """Take one request of `size` tokens; 0.0 if it may go, else the seconds after which to ask again.

        Args:
            endpoint: whose key it is.
            rank: ms; of all workers in line the lowest goes first.
            requests: a minute; None: no limit.
            tokens: a minute; None: no limit.
            size: tokens of this request, rather too many.

        Raises:
            StoreUnavailable: Redis is away.
        """
        wait = await self._runner.run(
            "take",
            endpoint=endpoint,
            worker=self._worker,
            rank=rank,
            requests=requests or 0,
            tokens=tokens or 0,
            size=size,
        )
        return int(wait) / 1000

    async def give_back(self, endpoint: str, tokens: int) -> None:
        """Give back what a request did not use (or take what it used beyond: below 0).

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("settle", endpoint=endpoint, worker="", tokens=tokens, requests_left=-1, tokens_left=-1)

    async def lower_to(self, endpoint: str, requests: int, tokens: int) -> None:
        """Lower the budget to what the endpoint says is left of the minute (-1: it does not say).

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run(
            "settle", endpoint=endpoint, worker="", tokens=0, requests_left=requests, tokens_left=tokens
        )

    async def leave(self, endpoint: str) -> None:
        """Leave the line: no request of this worker waits any more.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run(
            "settle", endpoint=endpoint, worker=self._worker, tokens=0, requests_left=-1, tokens_left=-1
        )

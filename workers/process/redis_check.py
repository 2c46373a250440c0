"""A worker's readiness check of Redis: that it answers, takes what turns need, and has room."""

from collections.abc import Awaitable, Callable

from chatwootai.stores.server.connection import Connection, StoreUnavailable, store_errors
from chatwootai.stores.server.fullness import CODE as FULL
from chatwootai.stores.server.state import state_of
from chatwootai.telemetry import http


def redis_check(connection: Connection) -> Callable[[], Awaitable[http.Check]]:
    """Return a readiness check that pings Redis."""
    state = state_of(connection)

    async def check() -> http.Check:
        try:
            with store_errors(connection):
                await connection.ping()
        except StoreUnavailable as error:
            return http.Check(http.Status.UNAVAILABLE, {"error": error.code})
        if state.outage.away:  # it answers, and refuses what turns need
            return http.Check(http.Status.UNAVAILABLE, {"error": state.outage.error.partition(":")[0]})
        if state.fullness.full:  # turns go on
            return http.Check(http.Status.DEGRADED, {"error": FULL})
        return http.Check(http.Status.OK)

    return check

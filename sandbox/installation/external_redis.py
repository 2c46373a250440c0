"""Redis of REDIS_URL for a demo that has no program to start one, as long as nobody's keys are in it."""

import asyncio
import os

from chatwootai.stores.server.connection import StoreUnavailable, connect, store_errors
from chatwootai.stores.server.embedded import NoRedis, server_binary


def url_to_borrow() -> str | None:
    """Return the URL to borrow; None where a server program is at hand, which is better: its data are nobody's.

    Raises:
        NoRedis: there is neither a program nor an empty database behind REDIS_URL.
    """
    try:
        server_binary()
    except NoRedis:
        url = os.environ.get("REDIS_URL")
        if not url:
            raise
        asyncio.run(_must_be_empty(url))
        return url
    return None


def give_back(url: str) -> None:
    """Leave the database as it was found: empty."""
    asyncio.run(_flush(url))


async def _must_be_empty(url: str) -> None:
    connection = connect(url)
    try:
        with store_errors(connection):
            if await connection.dbsize():
                raise NoRedis("REDIS_URL names a database that holds keys: name an empty one, such as its number 15")
    except StoreUnavailable as error:
        raise NoRedis(f"REDIS_URL names one that does not answer: {error}") from None
    finally:
        await connection.aclose()


async def _flush(url: str) -> None:
    connection = connect(url)
    try:
        with store_errors(connection):
            await connection.flushdb()
    except StoreUnavailable:
        pass  # it went away while the demo ran; there is nothing to be said to somebody who leaves
    finally:
        await connection.aclose()

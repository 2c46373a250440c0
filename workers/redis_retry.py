"""Calls that wait out a Redis that is away."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chatwootai.attempts import attempts, doubled
from chatwootai.stores.server.connection import StoreUnavailable

T = TypeVar("T")


async def retry_while_redis_down(call: Callable[[], Awaitable[T]], *, seconds: float = 60.0) -> T:
    """Call until Redis is there, for calls that bear repetition.

    Raises:
        StoreUnavailable: it was away for longer than `seconds`; the job's lease has long ended then.
    """
    async for _ in attempts(doubled(0.05, 1.0), until=time.time() + seconds):
        try:
            return await call()
        except StoreUnavailable as error:
            away = error
    raise away

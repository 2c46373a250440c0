"""How late the event loop is: what blocks it delays every message at once."""

import asyncio
from typing import NoReturn

from chatwootai.telemetry.metrics import LOOP_LAG


async def watch(period: float = 1.0) -> NoReturn:
    """Measure the loop's lag for ever; run it as a task and cancel it at the end."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + period
        await asyncio.sleep(period)
        LOOP_LAG.observe(max(0.0, clock() - due))

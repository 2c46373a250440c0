"""Asks the doors, wherever they run, to take a contact's records out of their journals."""

import asyncio
import time
from typing import Final

from chatwootai.stores.installation.processes import Processes
from chatwootai.stores.privacy.requests import ErasureRequests
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection

_PATIENCE: Final = 20.0
_LOOK: Final = 0.1
_DOOR: Final = "ingress"


async def ask_doors(connection: Connection, subject: Subject, *, patience: float = _PATIENCE) -> tuple[int, list[str]]:
    """Return how many records doors have taken out, and the names of the doors that did not answer.

    Raises:
        StoreUnavailable: Redis is away.
    """
    doors = {one.name for one in await Processes(connection).all() if one.kind == _DOOR and not one.gone}
    if not doors:
        return 0, []
    requests, until = ErasureRequests(connection), time.monotonic() + patience
    await requests.ask(subject)
    try:
        missing = set(doors)
        while missing and time.monotonic() < until:
            await asyncio.sleep(_LOOK)
            missing = doors - set(await requests.answers(subject))
        return sum((await requests.answers(subject)).values()), sorted(missing)
    finally:
        await requests.close(subject)

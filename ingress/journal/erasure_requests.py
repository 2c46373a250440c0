"""Takes part in erasures of contacts: their records leave the journal's folder of this door."""

import asyncio
from contextlib import suppress
from typing import Final, NoReturn

from chatwootai.stores.privacy.requests import ErasureRequests
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from ingress.journal.journal import Journal

_EVERY_SECONDS: Final = 1.0


async def answer_requests(connection: Connection, journal: Journal, door: str) -> NoReturn:
    """Look every second for contacts to be erased, for ever.

    What the journal itself holds is brought into Redis first, where it counts as erased: until that is done, no answer.
    """
    requests = ErasureRequests(connection)
    while True:
        with suppress(StoreUnavailable):
            for subject in await requests.pending(door):
                if not journal.size:
                    await requests.answer(subject, door, await journal.erase(subject))
        await asyncio.sleep(_EVERY_SECONDS)

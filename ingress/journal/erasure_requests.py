"""Takes part in erasures of contacts: their records leave the journal's folder of this door."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn

from chatwootai.stores.privacy.requests import ErasureRequests
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from ingress.journal.journal import Journal

_EVERY_SECONDS: Final = 1.0


async def answer_requests(connection: Connection, journals: Sequence[Journal], door: str) -> NoReturn:
    """Look every second for contacts to be erased, for ever.

    What the journals themselves hold is brought into Redis first, where it counts as erased: until then, no answer.
    """
    requests = ErasureRequests(connection)
    while True:
        with suppress(StoreUnavailable):
            for subject in await requests.pending(door):
                if not any(journal.size for journal in journals):
                    gone = [await journal.erase(subject) for journal in journals]
                    await requests.answer(subject, door, sum(gone))
        await asyncio.sleep(_EVERY_SECONDS)

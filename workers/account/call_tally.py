"""Counts a worker's calls to Chatwoot by account, and tells of them in Redis every few seconds, not at each call."""

import asyncio
import time
from dataclasses import replace
from typing import Final, NoReturn

from chatwootai.stores.installation.chatwoot_calls import CallsTold, ChatwootCalls
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log, mask

_TELL_SECONDS: Final = 10.0
_MOST_ACCOUNTS: Final = 20_000
_MOST_WORDS: Final = 120
_NONE: Final = CallsTold(ok=0.0, bad=0.0, why="", calls=0, errors=0)
_log = log.get("worker")


class CallTally:
    """Calls of one worker that were not told of yet. Nothing of it is in a turn's way."""

    def __init__(self, connection: Connection) -> None:
        self._calls = ChatwootCalls(connection)
        self._waiting: dict[str, CallsTold] = {}

    def note(self, account: str, error: str) -> None:
        """Count a call of an account that has ended. `error`: why it failed, masked and cut here; empty: it did not."""
        one = self._waiting.get(account)
        if one is None:
            if len(self._waiting) >= _MOST_ACCOUNTS:
                return
            one = _NONE
        now = time.time()
        if error:
            why = mask.text(error)[:_MOST_WORDS]
            self._waiting[account] = replace(one, bad=now, why=why, calls=one.calls + 1, errors=one.errors + 1)
        else:
            self._waiting[account] = replace(one, ok=now, calls=one.calls + 1)

    async def run(self) -> NoReturn:
        """Tell of what was counted, for ever; what could not be told while Redis is away is left out."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            await self.tell()

    async def tell(self) -> None:
        """Tell of what was counted since the last time, in one round trip for 200 accounts."""
        told, self._waiting = self._waiting, {}
        if not told:
            return
        try:
            await self._calls.tell(told)
        except StoreUnavailable as error:
            _log.debug("chatwoot_calls_not_told", error=str(error))

"""Schedules the look for conversations that a failed webhook opened: while a door fails, and some minutes after."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from typing import Final, NoReturn

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.installation.catch_up_lock import CatchUpLock
from chatwootai.stores.installation.incidents import Incident, Kind
from chatwootai.stores.installation.processes import Process, Processes
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from workers.catch_up.opened import Span, answer_opened
from workers.catch_up.unanswered import CatchUp
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import ChatwootError

_EVERY: Final = 20.0
_REFUSING: Final = frozenset({Kind.SIGNATURE, Kind.RATE})
_log = log.get("catchup")
Clients = Callable[[], Iterable[tuple[str, Chatwoot]]]


class OpenedSchedule:
    """Probes every 20 seconds, in one worker at a time, for what Chatwoot opened in the last `minutes`.

    Asked are the accounts whose deliveries a door refused (`incidents`), and all of them while a door has started
    within that time: before it did, deliveries met none.
    """

    def __init__(
        self,
        lock: CatchUpLock,
        catch_up: CatchUp,
        turns: Turns,
        processes: Processes,
        incidents: Callable[[], Iterable[Incident]],
        minutes: float,
    ) -> None:
        self._lock = lock
        self._catch_up = catch_up
        self._turns = turns
        self._processes = processes
        self._incidents = incidents
        self._seconds = minutes * 60

    async def run(self, clients: Clients) -> NoReturn:
        """Look for ever; a failure is said, and the next round comes."""
        while True:
            await asyncio.sleep(_EVERY * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret
            try:
                await self._round(clients)
            except StoreUnavailable as error:
                _log.debug("catch_up_put_off", error=str(error))
            except Exception:  # noqa: BLE001 - one round's surprise is not the end of all rounds
                _log.exception("catch_up_failed")

    async def _round(self, clients: Clients) -> None:
        asked = self._suspects(await self._processes.all())
        able = [(account, chatwoot) for account, chatwoot in clients() if chatwoot.reads_history and asked(account)]
        if able and await self._lock.take():
            async with self._lock.held():
                for account, chatwoot in able:
                    await self._account(account, chatwoot)

    def _suspects(self, processes: Iterable[Process]) -> Callable[[str], bool]:
        now = time.time()
        if any(one.kind == "ingress" and now - one.started < self._seconds for one in processes):
            return lambda _account: True
        refused = {one.account for one in self._incidents() if one.kind in _REFUSING and now - one.last < self._seconds}
        return refused.__contains__

    async def _account(self, account: str, chatwoot: Chatwoot) -> None:
        now = time.time()
        try:
            found = await answer_opened(self._catch_up, self._turns, account, chatwoot, Span(now - self._seconds, now))
        except ChatwootError as error:
            _log.warning("catch_up_failed", account=account, error=str(error))
            return
        if found.conversations:
            _log.info("opened_caught_up", account=account, conversations=found.conversations, admitted=found.admitted)

"""Schedule of digests: every worker looks, and the first that finds one due sends it."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, NoReturn

from chatwootai.model.message import turn_names
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.stores.conversation.digests import Digests
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from config.settings.pacing import Digest
from config.snapshot import Account
from workers.digest.text import digest_text

_EVERY: Final = 20.0
_LATEST: Final = timedelta(hours=6)
"""Lateness up to which a digest is still sent, where no worker ran at its time."""
_log = log.get("digest")


class DigestSchedule:
    """Sends the digests of all accounts that have one; `accounts` is asked each time."""

    def __init__(self, connection: Connection, accounts: Callable[[], Iterable[Account]]) -> None:
        self._digests, self._figures = Digests(connection), Figures(connection)
        self._accounts = accounts
        self._sent: dict[str, datetime] = {}
        """Due time of each account's newest digest that is known to be sent: Redis is asked once a day."""

    async def run(self) -> NoReturn:
        """Look for ever, about every 20 seconds."""
        while True:
            await asyncio.sleep(_EVERY * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret
            try:
                await self.look(time.time())
            except StoreUnavailable as error:
                _log.debug("digest_put_off", error=str(error))
            except Exception:  # noqa: BLE001 - one digest's surprise is not the end of all others
                _log.exception("digest_failed")

    async def look(self, now: float) -> int:
        """Send what is due at `now` (unix seconds); return how many this worker was the first to send.

        Raises:
            StoreUnavailable: Redis is away.
        """
        sent = 0
        for account in tuple(self._accounts()):
            wanted = account.settings.digest
            if wanted is None:
                continue
            due = due_at(wanted, datetime.fromtimestamp(now, account.settings.zone))
            if due is None or self._sent.get(account.key) == due:
                continue
            if await self._send(account, wanted, due, now):
                sent += 1
                _log.info("digest_sent", account=account.key, conversation=wanted.to)
            self._sent[account.key] = due
        return sent

    async def _send(self, account: Account, wanted: Digest, due: datetime, now: float) -> bool:
        yesterday = due.date() - timedelta(days=1)
        days = [yesterday - timedelta(days=1), yesterday]
        before, counts = await self._figures.days(account.key, days)
        action = Action(
            kind=ActionKind.NOTE if wanted.note else ActionKind.REPLY,
            turn=turn_names.digest(account.key, due.date()),
            part=0 if wanted.note else 1,
            text=digest_text(yesterday, counts, before, account.settings.language),
            due=now,
        )
        return await self._digests.send(account.key, wanted.to, due.date(), action)


def due_at(digest: Digest, now: datetime) -> datetime | None:
    """Return when the digest was due that is to be sent at `now`, in the zone of `now`; None: none is."""
    for day in (now.date(), now.date() - timedelta(days=1)):
        due = datetime.combine(day, digest.at, now.tzinfo)
        if timedelta() <= now - due <= _LATEST:
            return due
    return None

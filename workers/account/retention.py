"""Puts tenants' retention in force: for what is written from now on, and for what is kept already."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from chatwootai.stores.privacy.retention import CONTEXT, RetentionStore
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from config.snapshot import Account

_EVERY_SECONDS: Final = 20.0
_AGAIN_SECONDS: Final = 3600.0
"""Also where nothing changed: Redis may have lost it."""
_log = log.get("privacy")


class RetentionInForce:
    """Follows the configuration; `accounts` is asked each time."""

    def __init__(self, connection: Connection, accounts: Callable[[], Iterable[Account]]) -> None:
        self._store, self._accounts = RetentionStore(connection), accounts
        self._known: Mapping[str, Mapping[str, int]] = {}
        self._at = 0.0

    async def run(self) -> None:
        """Follow it for ever."""
        while True:
            try:
                await self.follow(time.monotonic())
            except StoreUnavailable as error:
                _log.debug("retention_not_followed", error=str(error))
            await asyncio.sleep(_EVERY_SECONDS)

    async def follow(self, now: float) -> None:
        """Put in force what has changed since the last time, or everything once an hour.

        Raises:
            StoreUnavailable: Redis is away: all of it is looked at again.
        """
        every = now - self._at >= _AGAIN_SECONDS or not self._at
        wanted = {account.key: retained_ms(account) for account in tuple(self._accounts())}
        changed = {key: kinds for key, kinds in wanted.items() if every or self._known.get(key) != kinds}
        if changed:
            shortened = await self._store.set(changed)
            if shortened:
                _log.info("retention_changed", accounts=sorted(changed)[:20], keys=shortened)
        self._known, self._at = wanted, now if every else self._at


def retained_ms(account: Account) -> dict[str, int]:
    """Return for how many milliseconds each kind of an account's data is kept; of the context the longest inbox's."""
    every = (account.settings, *(inbox.settings for inbox in account.inboxes.values()))
    longest = max(one.context.limits.milliseconds for one in every)
    return {**account.settings.privacy.retention.milliseconds, CONTEXT: longest}

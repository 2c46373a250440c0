"""Probes at an account at Chatwoot: whether its token is taken, and whether a lost conversation is lost alone."""

import asyncio
import time
from typing import Final

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, StoreUnavailable, batch
from chatwootai.telemetry.metrics import FAILED_OPEN
from chatwootai.telemetry.tasks import owned
from workers.account.tenant import Tenant
from workers.chatwoot.errors import ChatwootError, Gone

LOOK_SECONDS: Final = 2.0
_KEEP_SECONDS: Final = 60.0


class Probes:
    """Requests that find out what Chatwoot still shows of an account."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._under_way: dict[str, asyncio.Task[ChatwootError | None]] = {}
        self._shown: dict[str, tuple[float, int]] = {}

    async def check_shown(self, tenant: Tenant, conversation: int) -> None:
        """Return if Chatwoot shows the conversation.

        Raises:
            ChatwootError: it does not.
        """
        await tenant.chatwoot.conversation(conversation, deadline=time.time() + LOOK_SECONDS)

    async def check_shown_together(self, tenant: Tenant, conversation: int) -> None:
        """Return if Chatwoot shows the conversation; what asks for the same account meanwhile shares the answer.

        Raises:
            ChatwootError: it does not.
        """
        account = tenant.account.key
        task = self._under_way.get(account)
        if task is None:
            task = self._under_way[account] = owned(asyncio.create_task(self._error(tenant, conversation)), "standing")
            task.add_done_callback(lambda _: self._under_way.pop(account, None))
        if (error := await asyncio.shield(task)) is not None:
            raise error

    async def _error(self, tenant: Tenant, conversation: int) -> ChatwootError | None:
        # Returned, not raised: a refusal is an answer, also where all who waited for it have left.
        try:
            await self.check_shown(tenant, conversation)
        except ChatwootError as error:
            return error
        return None

    async def is_gone(self, tenant: Tenant, conversation: int) -> bool:
        """Return whether Chatwoot says that it has no such conversation."""
        try:
            await self.check_shown(tenant, conversation)
        except Gone:
            return True
        except ChatwootError:
            return False
        return False

    async def has_others(self, tenant: Tenant, lost: int) -> bool:
        """Return whether Chatwoot shows us anything else of the account."""
        try:
            if tenant.chatwoot.reads_history:
                await tenant.chatwoot.conversations(deadline=time.time() + LOOK_SECONDS)
                return True
        except ChatwootError:
            pass
        known = self._shown.get(tenant.account.key, (0.0, lost))[1]
        other = known if known != lost else await self._kept_inbox(tenant.account.key)
        if other in (None, lost):
            return False
        try:
            await self.check_shown(tenant, other or 0)
        except ChatwootError:
            return False
        return True

    async def _kept_inbox(self, account: str) -> int | None:
        try:
            (kept,) = await batch(self._connection, ("GET", keys.worked(account)))
        except StoreUnavailable:
            return None
        return int(kept) if kept and kept.isdigit() else None

    async def note_shown(self, tenant: Tenant, conversation: int) -> None:
        """Note that Chatwoot has shown us a conversation; kept in Redis now and then, for when another one is gone."""
        account, now = tenant.account.key, time.monotonic()
        if now - self._shown.get(account, (-_KEEP_SECONDS, 0))[0] < _KEEP_SECONDS:
            return
        self._shown[account] = (now, conversation)
        try:
            await batch(self._connection, ("SET", keys.worked(account), conversation, "PX", lifetimes.WORKED_MS))
        except StoreUnavailable:
            FAILED_OPEN.labels("standing").inc()

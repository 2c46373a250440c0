"""Tokens that Chatwoot takes or refuses: noted for all workers in Redis, in metrics, and logged once at each change."""

import asyncio
import hashlib
import time
from collections.abc import Callable

from chatwootai.stores.installation.refusals import Noted, Refusal, Refusals
from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry import log
from workers.account.tenant import Tenant
from workers.chatwoot.errors import Gone, TokenRefused
from workers.chatwoot.operations import Owner
from workers.redis_retry import retry_while_redis_down

_log = log.get("standing")

Where = Callable[[str, str], str]
"""File and line at which the mapping names an account's token; empty where that is not known."""


class Tokens:
    """The tokens of all accounts. `where` tells an operator which line to look at; `refusals` is what Redis holds."""

    def __init__(self, connection: Connection, where: Where = lambda _account, _token: "") -> None:
        self.refusals = Refusals(connection)
        self._where = where

    async def refusal(self, account: str) -> Refusal | None:
        """Return what is known of an account's bot token; None: it is taken.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        return await retry_while_redis_down(lambda: self.refusals.read(account, Owner.BOT))

    async def note(self, tenant: Tenant, owner: Owner, conv: str, error: TokenRefused | Gone) -> Noted:
        """Note that a token was refused; the first to see it says so. Returns who looks again, and when.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        account = tenant.account.key
        noted = await retry_while_redis_down(
            lambda: self.refusals.note(
                account,
                owner,
                digest=digest(tenant, owner),
                conv=conv,
                operation=error.operation,
                status=error.status,
                words=error.excerpt,
            )
        )
        if noted.first:
            await self._say_refused(account, owner, error)
        return noted

    async def _say_refused(self, account: str, owner: Owner, error: TokenRefused | Gone) -> None:
        token = f"{owner}_token"
        place = await asyncio.to_thread(self._where, account, token)
        await retry_while_redis_down(lambda: self.refusals.place(account, owner, place))
        _log.error(
            "chatwoot_refuses_token" if isinstance(error, TokenRefused) else "chatwoot_has_no_account",
            account=account,
            which=token,
            mapping=place,
            status=error.status,
            said=error.excerpt,
            effect="its conversations wait, no model is asked" if owner is Owner.BOT else "history is not read",
        )

    async def accept(self, account: str, owner: Owner) -> None:
        """Note that a token is taken, and let the turns that waited for it run.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        since, waited = await retry_while_redis_down(lambda: self.refusals.accept(account, owner))
        if since is not None:
            _log.warning(
                "chatwoot_takes_token", account=account, which=f"{owner}_token",
                seconds=round(time.time() - since, 1), waited=waited,
            )  # fmt: skip


def digest(tenant: Tenant, owner: Owner) -> str:
    """Return what tells one configured token at its Chatwoot from another, and shows nothing of it."""
    account = tenant.account
    token = account.bot_token if owner is Owner.BOT else account.user_token
    named = f"{account.installation.url}\n{account.id}\n{token.reveal() if token else ''}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]

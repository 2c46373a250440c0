"""The watch over refused tokens: metrics and the probe know of them, and somebody looks where nobody does."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from typing import Final

from chatwootai.stores.installation.refusals import Refusal
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.http import Check, Status
from chatwootai.telemetry.metrics import CHATWOOT_TOKENS, FAILED_OPEN
from workers.account.probes import LOOK_SECONDS
from workers.account.tenant import Tenant
from workers.account.tokens import Tokens, digest
from workers.chatwoot.errors import ChatwootError, TokenRefused
from workers.chatwoot.operations import Owner

_WATCH_SECONDS: Final = 2.0
_log = log.get("standing")


class TokenWatch:
    """Refused tokens as a worker read them from Redis last. `refused_now`: those of the last reading."""

    def __init__(self, tokens: Tokens) -> None:
        self.refused_now: tuple[Refusal, ...] = ()
        self._tokens = tokens

    def refuses(self, account: str, owner: Owner) -> bool:
        """Return whether the token was refused at the last look."""
        return any((one.account, one.owner) == (account, owner) for one in self.refused_now)

    async def run(self, served: Callable[[], Iterable[str]], tenant: Callable[[str], Tenant | None]) -> None:
        """Know what is refused, for metrics and probes, and have somebody look where nobody does; for ever.

        Args:
            served: accounts that this worker has served, whose tokens have a metric.
            tenant: an account as it is configured now; None: it no longer is.
        """
        while True:
            try:
                await self._watch(served(), tenant)
            except StoreUnavailable as error:
                _log.debug("tokens_not_looked_at", error=str(error))
            except Exception:  # noqa: BLE001 - one round's surprise is not the end of all rounds
                _log.exception("standing_failed")
            await asyncio.sleep(_WATCH_SECONDS * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret

    async def _watch(self, served: Iterable[str], tenant: Callable[[str], Tenant | None]) -> None:
        found = [(one, now) for one in await self._tokens.refusals.all() if (now := tenant(one.account)) is not None]
        self.refused_now = tuple(one for one, _ in found)
        refused = {(one.account, one.owner) for one in self.refused_now}
        accounts = {*served, *(one.account for one in self.refused_now)}
        known = {(account, str(owner)) for account in accounts for owner in _owners(tenant(account))}
        CHATWOOT_TOKENS.labels("refused").set(len(known & refused))
        CHATWOOT_TOKENS.labels("valid").set(len(known - refused))
        for one, now in found:
            await self._see_to(one, now, another=one.digest != digest(now, Owner(one.owner)))

    async def _see_to(self, one: Refusal, tenant: Tenant, *, another: bool) -> None:
        """Have somebody look where another token was configured meanwhile, or nobody has looked for too long."""
        if one.owner == Owner.USER and (another or one.overdue):
            await self._look_as_user(tenant)
        elif one.owner == Owner.BOT and (another or one.overdue):
            await self._tokens.refusals.nudge(one.account)

    async def _look_as_user(self, tenant: Tenant) -> None:
        try:
            await tenant.chatwoot.conversations(deadline=time.time() + LOOK_SECONDS)
        except TokenRefused as error:
            await self._tokens.note(tenant, Owner.USER, "", error)
        except ChatwootError:
            FAILED_OPEN.labels("standing").inc()
        else:
            await self._tokens.accept(tenant.account.key, Owner.USER)

    async def check(self) -> Check:
        """Return the state for /readyz: a refused token only degrades it, since messages are admitted and wait."""
        if not self.refused_now:
            return Check(Status.OK)
        now = time.time()
        refused = [
            {
                "account": one.account,
                "token": f"{one.owner}_token",
                "mapping": one.place,
                "seconds": round(now - one.since),
                "said": one.words,
            }
            for one in self.refused_now[:20]
        ]
        return Check(Status.DEGRADED, {"tokens_refused": len(self.refused_now)}, {"refused": refused})


def _owners(tenant: Tenant | None) -> tuple[Owner, ...]:
    if tenant is None:
        return ()
    return (Owner.BOT, Owner.USER) if tenant.chatwoot.reads_history else (Owner.BOT,)

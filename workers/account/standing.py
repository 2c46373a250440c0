"""Access of accounts to Chatwoot: an account whose bot token is refused is closed until the token is taken again.

Closed, its turns wait: none is counted as a try, none becomes a dead letter, no model is asked. One conversation, the
one that was refused first, looks every few seconds on behalf of all (Refusals, in the stores); as soon as it is
answered, or a token that was configured meanwhile is, all go on by themselves. A user's token closes nothing: what
needs it does without.
"""

import random
import time
from collections import deque
from typing import Final

from chatwootai.stores.keys import split_conv
from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry.metrics import FAILED_OPEN
from workers.account.probes import Probes
from workers.account.tenant import Tenant
from workers.account.token_watch import TokenWatch
from workers.account.tokens import Tokens, Where, digest
from workers.away import AccountClosed, ChatwootAway
from workers.chatwoot.errors import ChatwootError, Gone, TokenRefused
from workers.chatwoot.operations import SHOW, Owner

UNPROVEN: Final = 2
"""Drafts of an account that a worker begins without an answer of Chatwoot's: the next one waits until it has one."""
_PARKED: Final = (600.0, 900.0)
"""Seconds after which a turn looks by itself, should nobody have called it."""


class Standing:
    """Access of a worker's accounts to Chatwoot. `where` tells an operator which line to look at.

    `watch` knows for metrics and probes what is refused; `probes` asks Chatwoot.
    """

    def __init__(self, connection: Connection, where: Where = lambda _account, _token: "") -> None:
        self.probes = Probes(connection)
        self._tokens = Tokens(connection, where)
        self.watch = TokenWatch(self._tokens)
        self._drafts: dict[str, deque[float]] = {}
        self._trials: set[str] = set()

    # What a turn asks

    async def enter(self, tenant: Tenant, conv: str) -> None:
        """Return if the account is open, or if this conversation is to find out and did.

        Raises:
            AccountClosed: its token is refused: not now.
            ChatwootAway: nobody could be asked.
            StoreUnavailable: Redis was away for too long.
        """
        account = tenant.account.key
        known = await self._tokens.refusal(account)
        if known is None:
            return
        same = known.digest == digest(tenant, Owner.BOT)
        # A lost account is looked for in each conversation: one may be lost alone.
        if same and known.conv != conv and not known.overdue and known.status != Gone.STATUS:
            raise AccountClosed(_why(known.status, known.words), None)
        await self._find_out(tenant, conv)
        if known.operation not in ("", SHOW.name) and same:
            self._trials.add(account)  # it may look; whether it may do what was refused, this turn finds out
        else:
            await self._accept(account)

    async def _find_out(self, tenant: Tenant, conv: str) -> None:
        try:
            await self.probes.check_shown(tenant, split_conv(conv)[1])
        except TokenRefused as error:
            raise await self.note_refusal(tenant, conv, error) from None
        except Gone as error:
            if (closed := await self.note_gone(tenant, conv, error)) is not None:
                raise closed from None
        except ChatwootError as error:
            raise ChatwootAway(str(error), time.time()) from None

    async def before_draft(self, tenant: Tenant, conv: str) -> None:
        """Return when a draft may be begun: a crowd that writes to an account whose token is gone costs few of them.

        Raises:
            AccountClosed: Chatwoot does not take the token.
            StoreUnavailable: Redis was away for too long.
        """
        account = tenant.account.key
        begun = self._drafts.setdefault(account, deque(maxlen=UNPROVEN))
        if len(begun) == UNPROVEN and begun[0] > tenant.chatwoot.worked_at(Owner.BOT):
            try:
                await self.probes.check_shown_together(tenant, split_conv(conv)[1])
            except TokenRefused as error:
                raise await self.note_refusal(tenant, conv, error) from None
            except ChatwootError:
                FAILED_OPEN.labels("standing").inc()  # an outage: what is drafted now is there when it ends
        begun.append(time.monotonic())

    # What a turn tells

    async def note_refusal(self, tenant: Tenant, conv: str, error: TokenRefused) -> AccountClosed:
        """Note that Chatwoot refuses the bot's token, and return what to raise.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        self._trials.discard(tenant.account.key)
        noted = await self._tokens.note(tenant, Owner.BOT, conv, error)
        return AccountClosed(_why(error.status, error.excerpt), noted.again)

    async def note_user_refusal(self, tenant: Tenant, error: TokenRefused) -> None:
        """Note that Chatwoot refuses the user's token: said once, and nothing is closed.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        await self._tokens.note(tenant, Owner.USER, "", error)

    async def note_gone(self, tenant: Tenant, conv: str, error: Gone) -> AccountClosed | None:
        """Tell a lost account from a lost conversation: None if it is this conversation alone.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        if error.operation != SHOW.name:
            return None
        if await self.probes.has_others(tenant, split_conv(conv)[1]):
            # The account may have come back between the two looks, and this conversation with it.
            return None if await self.probes.is_gone(tenant, split_conv(conv)[1]) else AccountClosed(str(error), 1.0)
        noted = await self._tokens.note(tenant, Owner.BOT, conv, error)
        return AccountClosed(_why(error.status, error.excerpt), noted.again)

    async def note_post(self, tenant: Tenant) -> None:
        """Note that Chatwoot has taken what the bot did: a closed account that was tried is open.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        if tenant.account.key in self._trials:
            await self._accept(tenant.account.key)

    async def note_user_success(self, tenant: Tenant) -> None:
        """Note that Chatwoot takes the user's token.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if self.watch.refuses(tenant.account.key, Owner.USER):
            await self._tokens.accept(tenant.account.key, Owner.USER)

    async def _accept(self, account: str) -> None:
        self._trials.discard(account)
        await self._tokens.accept(account, Owner.BOT)


def parked_pause() -> float:
    """Return the seconds after which a turn that waits for others looks by itself."""
    return random.uniform(*_PARKED)  # noqa: S311 - jitter, not a secret


def _why(status: int, words: str) -> str:
    return f"HTTP {status}: {words}"

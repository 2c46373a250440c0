"""Whether Chatwoot takes an account's tokens: an account whose bot token is refused is closed until it is taken again.

Closed, its turns wait: none is counted as a try, none becomes a dead letter, no model is asked. One conversation, the
one that was refused first, looks every few seconds on behalf of all (stores/refusals.py); as soon as it is answered,
or a token that was configured meanwhile is, all go on by themselves. A user's token closes nothing: what needs it does
without.
"""

import asyncio
import hashlib
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from chatwootai.stores import keys
from chatwootai.stores.connection import Connection, StoreUnavailable
from chatwootai.stores.keys import split_conv
from chatwootai.stores.refusals import Noted, Refusal, Refusals
from chatwootai.stores.together import together
from chatwootai.telemetry import log
from chatwootai.telemetry.http import Check, Status
from chatwootai.telemetry.metrics import CHATWOOT_TOKEN, FAILED_OPEN
from workers.away import AccountClosed, ChatwootAway
from workers.chatwoot.errors import ChatwootError, Gone, TokenRefused
from workers.chatwoot.operations import SHOW, Owner
from workers.patience import patient
from workers.tenant import Tenant

UNPROVEN: Final = 2
"""Drafts of an account that a worker begins without an answer of Chatwoot's: the next one waits until it has one."""
_LOOK_SECONDS: Final = 2.0
_WATCH_SECONDS: Final = 2.0
_PARKED: Final = (600.0, 900.0)
"""Seconds after which a turn looks by itself, should nobody have called it."""
_KEEP_SECONDS: Final = 60.0
_log = log.get("standing")

Where = Callable[[str, str], str]
"""File and line at which the mapping names an account's token; empty where that is not known."""


class Standing:
    """How a worker's accounts stand with Chatwoot. `where` tells an operator which line to look at."""

    def __init__(self, connection: Connection, where: Where = lambda _account, _token: "") -> None:
        self.refused_now: tuple[Refusal, ...] = ()
        self._connection = connection
        self._refusals = Refusals(connection)
        self._where = where
        self._drafts: dict[str, deque[float]] = {}
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._trials: set[str] = set()
        self._shown: dict[str, tuple[float, int]] = {}

    # What a turn asks

    async def enter(self, tenant: Tenant, conv: str) -> None:
        """Return if the account is open, or if this conversation is to find out and did.

        Raises:
            AccountClosed: its token is refused: not now.
            ChatwootAway: nobody could be asked.
            StoreUnavailable: Redis was away for too long.
        """
        account = tenant.account.key
        known = await patient(lambda: self._refusals.read(account, Owner.BOT))
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
            await self._open(account)

    async def _find_out(self, tenant: Tenant, conv: str) -> None:
        try:
            await self._look(tenant, split_conv(conv)[1])
        except TokenRefused as error:
            raise await self.refused(tenant, conv, error) from None
        except Gone as error:
            if (closed := await self.gone(tenant, conv, error)) is not None:
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
                await self._look_together(tenant, split_conv(conv)[1])
            except TokenRefused as error:
                raise await self.refused(tenant, conv, error) from None
            except ChatwootError:
                FAILED_OPEN.labels("standing").inc()  # an outage: what is drafted now is there when it ends
        begun.append(time.monotonic())

    async def _look_together(self, tenant: Tenant, conversation: int) -> None:
        account = tenant.account.key
        task = self._looks.get(account)
        if task is None:
            task = self._looks[account] = asyncio.create_task(self._look(tenant, conversation))
            task.add_done_callback(lambda done: self._looked(account, done))
        await asyncio.shield(task)

    def _looked(self, account: str, done: asyncio.Task[None]) -> None:
        self._looks.pop(account, None)
        if not done.cancelled():
            done.exception()  # seen, also where all who waited for it have left

    async def _look(self, tenant: Tenant, conversation: int) -> None:
        await tenant.chatwoot.conversation(conversation, deadline=time.time() + _LOOK_SECONDS)

    # What a turn tells

    async def refused(self, tenant: Tenant, conv: str, error: TokenRefused) -> AccountClosed:
        """Note that Chatwoot refuses the bot's token, and return what to raise.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        self._trials.discard(tenant.account.key)
        noted = await self._note(tenant, Owner.BOT, conv, error)
        return AccountClosed(_why(error.status, error.excerpt), noted.again)

    async def user_refused(self, tenant: Tenant, error: TokenRefused) -> None:
        """Note that Chatwoot refuses the user's token: said once, and nothing is closed.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        await self._note(tenant, Owner.USER, "", error)

    async def gone(self, tenant: Tenant, conv: str, error: Gone) -> AccountClosed | None:
        """Tell a lost account from a lost conversation: None if it is this conversation alone.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        if error.operation != SHOW.name:
            return None
        if await self._has_others(tenant, split_conv(conv)[1]):
            # The account may have come back between the two looks, and this conversation with it.
            return None if await self._is_gone(tenant, split_conv(conv)[1]) else AccountClosed(str(error), 1.0)
        noted = await self._note(tenant, Owner.BOT, conv, error)
        return AccountClosed(_why(error.status, error.excerpt), noted.again)

    async def _is_gone(self, tenant: Tenant, conversation: int) -> bool:
        try:
            await self._look(tenant, conversation)
        except Gone:
            return True
        except ChatwootError:
            return False
        return False

    async def _has_others(self, tenant: Tenant, lost: int) -> bool:
        """Whether Chatwoot shows us anything else of the account."""
        try:
            if tenant.chatwoot.reads_history:
                await tenant.chatwoot.conversations(deadline=time.time() + _LOOK_SECONDS)
                return True
        except ChatwootError:
            pass
        known = self._shown.get(tenant.account.key, (0.0, lost))[1]
        other = known if known != lost else await self._kept(tenant.account.key)
        if other in (None, lost):
            return False
        try:
            await self._look(tenant, other or 0)
        except ChatwootError:
            return False
        return True

    async def _kept(self, account: str) -> int | None:
        try:
            (kept,) = await together(self._connection, ("GET", keys.worked(account)))
        except StoreUnavailable:
            return None
        return int(kept) if kept and kept.isdigit() else None

    async def shown(self, tenant: Tenant, conversation: int) -> None:
        """Note that Chatwoot has shown us a conversation; kept in Redis now and then, for when another one is gone."""
        account, now = tenant.account.key, time.monotonic()
        if now - self._shown.get(account, (-_KEEP_SECONDS, 0))[0] < _KEEP_SECONDS:
            return
        self._shown[account] = (now, conversation)
        try:
            await together(self._connection, ("SET", keys.worked(account), conversation, "PX", keys.WORKED_MS))
        except StoreUnavailable:
            FAILED_OPEN.labels("standing").inc()

    async def posted(self, tenant: Tenant) -> None:
        """Note that Chatwoot has taken what the bot did: a closed account that was tried is open.

        Raises:
            StoreUnavailable: Redis was away for too long.
        """
        if tenant.account.key in self._trials:
            await self._open(tenant.account.key)

    async def user_taken(self, tenant: Tenant) -> None:
        """Note that Chatwoot takes the user's token.

        Raises:
            StoreUnavailable: Redis is away.
        """
        if any((one.account, one.owner) == (tenant.account.key, Owner.USER) for one in self.refused_now):
            await self._open(tenant.account.key, Owner.USER)

    async def _note(self, tenant: Tenant, owner: Owner, conv: str, error: TokenRefused | Gone) -> Noted:
        account = tenant.account.key
        noted = await patient(
            lambda: self._refusals.note(
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
            CHATWOOT_TOKEN.labels(account, f"{owner}_token").set(0)
            await self._say_refused(account, owner, error)
        return noted

    async def _say_refused(self, account: str, owner: Owner, error: TokenRefused | Gone) -> None:
        token = f"{owner}_token"
        place = await asyncio.to_thread(self._where, account, token)
        await patient(lambda: self._refusals.place(account, owner, place))
        _log.error(
            "chatwoot_refuses_token" if isinstance(error, TokenRefused) else "chatwoot_has_no_account",
            account=account,
            which=token,
            mapping=place,
            status=error.status,
            said=error.excerpt,
            effect="its conversations wait, no model is asked" if owner is Owner.BOT else "history is not read",
        )

    async def _open(self, account: str, owner: Owner = Owner.BOT) -> None:
        self._trials.discard(account)
        since, waited = await patient(lambda: self._refusals.accept(account, owner))
        CHATWOOT_TOKEN.labels(account, f"{owner}_token").set(1)
        if since is not None:
            _log.warning(
                "chatwoot_takes_token", account=account, which=f"{owner}_token",
                seconds=round(time.time() - since, 1), waited=waited,
            )  # fmt: skip

    # For all

    async def watch(self, served: Callable[[], Iterable[str]], tenant: Callable[[str], Tenant | None]) -> None:
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
        found = [(one, now) for one in await self._refusals.all() if (now := tenant(one.account)) is not None]
        self.refused_now = tuple(one for one, _ in found)
        refused = {(one.account, one.owner) for one in self.refused_now}
        for account in {*served, *(one.account for one in self.refused_now)}:
            for owner in _owners(tenant(account)):
                CHATWOOT_TOKEN.labels(account, f"{owner}_token").set((account, owner) not in refused)
        for one, now in found:
            await self._see_to(one, now, another=one.digest != digest(now, Owner(one.owner)))

    async def _see_to(self, one: Refusal, tenant: Tenant, *, another: bool) -> None:
        """Have somebody look where another token was configured meanwhile, or nobody has looked for too long."""
        if one.owner == Owner.USER and (another or one.overdue):
            await self._look_as_user(tenant)
        elif one.owner == Owner.BOT and (another or one.overdue):
            await self._refusals.nudge(one.account)

    async def _look_as_user(self, tenant: Tenant) -> None:
        try:
            await tenant.chatwoot.conversations(deadline=time.time() + _LOOK_SECONDS)
        except TokenRefused as error:
            await self.user_refused(tenant, error)
        except ChatwootError:
            FAILED_OPEN.labels("standing").inc()
        else:
            await self._open(tenant.account.key, Owner.USER)

    async def check(self) -> Check:
        """For /readyz: a refused token is limping, since what comes is taken and waits."""
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
        return Check(Status.DEGRADED, {"refused": refused})


def parked() -> float:
    """Seconds after which a turn that waits for others looks by itself."""
    return random.uniform(*_PARKED)  # noqa: S311 - jitter, not a secret


def digest(tenant: Tenant, owner: Owner) -> str:
    """Return what tells one configured token at its Chatwoot from another, and shows nothing of it."""
    account = tenant.account
    token = account.bot_token if owner is Owner.BOT else account.user_token
    named = f"{account.installation.url}\n{account.id}\n{token.reveal() if token else ''}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def _owners(tenant: Tenant | None) -> tuple[Owner, ...]:
    if tenant is None:
        return ()
    return (Owner.BOT, Owner.USER) if tenant.chatwoot.reads_history else (Owner.BOT,)


def _why(status: int, words: str) -> str:
    return f"HTTP {status}: {words}"

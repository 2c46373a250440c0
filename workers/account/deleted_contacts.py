"""Follows contacts that were deleted or merged in Chatwoot, which no webhook tells: they are looked for once a day."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import aiohttp

from chatwootai.stores.moving.move import marks
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.privacy.append_only import rewrite_files
from chatwootai.stores.privacy.erasure import Erasure, ErasureElsewhere, StillRuns
from chatwootai.stores.privacy.known_contacts import KnownContacts
from chatwootai.stores.privacy.requests import ErasureRequests
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect
from chatwootai.stores.server.shards import Shard
from chatwootai.telemetry import log
from config.snapshot import Account
from workers.chatwoot.admin import Admin
from workers.chatwoot.errors import AdminError

_EVERY_SECONDS: Final = 600.0
_BETWEEN_SECONDS: Final = 0.2
"""Chatwoot takes 3,000 requests a minute from one address; turns need most of them."""
_FEW, _SHARE = 20, 0.2
"""Contacts of one day, and their share of all, above which nothing is erased: a person must look."""
_DOORS_SECONDS: Final = 5.0
WHO: Final = "follow_deletions"
_log = log.get("privacy")


class DeletedContacts:
    """Looks for the contacts of all accounts that say so; `accounts` is asked each time.

    `others`: shards beside this worker's, on which an account that has moved here has left rows of its history.
    """

    def __init__(
        self,
        connection: Connection,
        session: aiohttp.ClientSession,
        accounts: Callable[[], Iterable[Account]],
        others: tuple[Shard, ...] = (),
    ) -> None:
        self._others = others
        self._connection, self._session, self._accounts = connection, session, accounts
        self._known = KnownContacts(connection)

    async def run(self) -> None:
        """Look for ever; each account once a day, by whichever worker comes first."""
        while True:
            for account in tuple(self._accounts()):
                try:
                    if follows(account) and await self._known.due(account.key):
                        await self.follow(account)
                except (StoreUnavailable, AdminError) as error:
                    _log.warning("contacts_not_followed", account=account.key, error=str(error))
            await asyncio.sleep(_EVERY_SECONDS)

    async def follow(self, account: Account, *, pause: float = _BETWEEN_SECONDS) -> tuple[int, int]:
        """Erase who is deleted in an account's Chatwoot, move who is merged; return how many of each.

        Raises:
            AdminError: Chatwoot refused, or could not be reached: nothing is concluded from that.
            StoreUnavailable: Redis is away.
        """
        token = account.user_token
        if token is None:
            return 0, 0
        admin = Admin(self._session, account.installation.url, account.id, token.reveal())
        erased = merged = 0
        for contact in await self._missing(admin, account.key, pause):
            into = await self._heir(admin, account.key, contact)
            if into is None:
                erased += await self._erase(account.key, contact)
            else:
                await self._known.merged(account.key, contact, into)
                merged += 1
        if erased or merged:
            _log.info("contacts_followed", account=account.key, erased=erased, merged=merged)
        if erased:
            await rewrite_files(self._connection)
        return erased, merged

    async def _missing(self, admin: Admin, account: str, pause: float) -> list[int]:
        """Return the contacts that Chatwoot no longer has; none where so many are gone that it is hardly the contacts.

        A Chatwoot that was restored from a backup, or another account's number, knows few of them.
        """
        known = sorted([one async for one in self._known.of(account)])
        missing = list[int]()
        for contact in known:
            if await admin.contact(contact) is None:
                missing.append(contact)
            await asyncio.sleep(pause)
        if len(missing) > max(_FEW, _SHARE * len(known)):
            _log.error("contacts_not_followed", account=account, error=f"{len(missing)} of {len(known)} are gone")
            return []
        return missing

    async def _heir(self, admin: Admin, account: str, contact: int) -> int | None:
        """Return the contact who has this one's conversations now; None: they are gone with the contact."""
        for conversation in await self._known.conversations(account, contact):
            owner = await admin.contact_of(conversation)
            if owner is not None and owner != contact:
                return owner
        return None

    async def _erase(self, account: str, contact: int) -> int:
        subject = Subject(account, contact)
        async with self._shards_left(account) as left:
            try:
                gone, verified = await self._erase_on(subject, left)
            except StillRuns:  # tomorrow
                return 0
            details = {"verified": str(verified)}
            await AuditLog(self._connection).append(WHO, "erase", account=account, count=gone, details=details)
            for connection in left if gone else ():
                await rewrite_files(connection)
        return 1

    async def _erase_on(self, subject: Subject, left: list[Connection]) -> tuple[int, bool]:
        """Erase a contact here and on the shards that the account has left; return how much, and whether all is gone.

        Raises:
            StillRuns: a turn of theirs runs yet.
            StoreUnavailable: a Redis is away.
        """
        work, everywhere = Erasure(self._connection, subject), [self._connection, *left]
        await work.learn()
        await work.note()
        await work.bury()
        await work.tell_workers()
        for each in everywhere:  # each has the doors' journals of its own
            await ErasureRequests(each).ask(subject)
        await asyncio.sleep(_DOORS_SECONDS)
        for each in everywhere:
            await ErasureRequests(each).close(subject)
        works = [work, *(ErasureElsewhere(each, subject) for each in left)]
        gone = sum([(await each.erase()).total() for each in works])
        verified = not any([(await each.verify()).holdings for each in works])
        if verified:
            await work.close()
        return gone, verified

    @asynccontextmanager
    async def _shards_left(self, account: str) -> AsyncIterator[list[Connection]]:
        """Yield a connection to each shard that an account has left.

        Raises:
            StoreUnavailable: one is away: what it keeps would be missed, and nobody would look for it again.
        """
        async with AsyncExitStack() as stack:
            found = {}
            for shard in self._others:
                found[shard.name] = connect(shard.url, shard=shard.name, timeout=5.0)
                stack.push_async_callback(found[shard.name].aclose)
            yield [found[name] for name, mark in (await marks(found, account)).items() if mark.startswith("left ")]


def follows(account: Account) -> bool:
    """Tell whether an account's contacts are looked for in its Chatwoot."""
    return account.settings.privacy.follow_deletions and account.user_token is not None

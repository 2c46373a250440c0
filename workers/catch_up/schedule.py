"""The schedule of catching up: as a worker starts and at intervals, one worker at a time, some accounts at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, TypeVar

from chatwootai.attempts import attempts
from chatwootai.stores.installation.catch_up_lock import CatchUpLock
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import ended
from workers.catch_up.unanswered import CatchUp, CatchUpResult
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import ChatwootError, TokenRefused

_PAUSES: Final = (15.0, 60.0, 300.0)
"""Seconds before each round of a start: a Chatwoot that is only just starting too is asked again."""
_LOOK_AGAIN: Final = 20.0
_APART: Final = 60.0
"""Seconds between two rounds of one account: twenty workers that restart one after the other ask no twenty times."""
_UNDER_WAY: Final = 120.0
"""Seconds that a webhook may take: where the contact has written within them, it is left to do its work."""
_AT_ONCE: Final = 8
"""Accounts asked side by side: one Chatwoot that hangs keeps no other from its turn."""
_OVERLAP: Final = 600.0
"""Seconds before the last round from which the next one looks: clocks differ, and some was under way then."""

T = TypeVar("T")
Named = tuple[str, Chatwoot]
"""The key of an account, and who speaks for it."""
Told = Callable[[str, TokenRefused | None], Awaitable[None]]
"""Hears of each account that was asked whether Chatwoot took its user token."""
_log = log.get("catchup")


async def _untold(_account: str, _refused: TokenRefused | None) -> None:
    """Ignore whether the user token was taken."""


async def at_start(
    lock: CatchUpLock, catch_up: CatchUp, clients: Iterable[tuple[str, Chatwoot]], told: Told = _untold
) -> None:
    """Catch up with every account that can be asked, one worker at a time; who fails is asked again, and then left."""
    left = dict(clients)
    silent = [account for account, chatwoot in left.items() if not chatwoot.reads_history]
    if silent:
        _log.info("catch_up_skipped", accounts=silent, cause="no user_token in the mapping")
    left = {account: chatwoot for account, chatwoot in left.items() if chatwoot.reads_history}
    started = None
    if not left:
        return
    async for _ in attempts(_PAUSES):
        with suppress(StoreUnavailable):
            started = started or await lock.now()
            left = await _round(lock, catch_up, left, started, told)
        if not left:
            return
    _log.error("catch_up_given_up", accounts=list(left), remedy="chatwootai catch-up, once Chatwoot answers")


async def _round(
    lock: CatchUpLock, catch_up: CatchUp, left: dict[str, Chatwoot], started: float, told: Told
) -> dict[str, Chatwoot]:
    """Return the accounts that failed, or that another worker caught up with a moment before this one started."""
    while not await lock.take():  # noqa: ASYNC110 - the other is another process: there is no event to wait for
        await asyncio.sleep(_LOOK_AGAIN * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
    async with lock.held():
        done = await _each(left.items(), lambda one: _catch_up_once(lock, catch_up, one, started, told))
    return {account: client for (account, client), caught in zip(left.items(), done, strict=True) if not caught}


async def _each(accounts: Iterable[Named], work: Callable[[Named], Awaitable[T]]) -> list[T]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(named: Named) -> T:
        async with room:
            return await work(named)

    tasks = [asyncio.create_task(one(each)) for each in accounts]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await ended(*tasks)


async def _catch_up_once(lock: CatchUpLock, catch_up: CatchUp, named: Named, started: float, told: Told) -> bool:
    account, chatwoot = named
    made, now = await lock.last_begun(account), await lock.now()
    if made is not None and (made >= started or now - made < _APART):
        return made >= started
    return await _ask_account(lock, account, now, lambda: catch_up.account(account, chatwoot), told)


async def _ask_account(
    lock: CatchUpLock, account: str, began: float, catch: Callable[[], Awaitable[CatchUpResult]], told: Told
) -> bool:
    try:
        caught = await catch()
        await told(account, None)
    except TokenRefused as error:
        _log.warning("catch_up_failed", account=account, error=str(error))
        await told(account, error)
        return False
    except ChatwootError as error:
        _log.warning("catch_up_failed", account=account, error=str(error))
        return False
    except StoreUnavailable:
        raise
    except Exception:  # noqa: BLE001 - one account's surprise is not the others' end
        _log.exception("catch_up_failed", account=account)
        return False
    if not caught.full:  # or the next round would not look as far back as this one
        await lock.note_begun(account, began)
    _log.info(
        "caught_up", account=account, conversations=caught.conversations, admitted=caught.admitted, known=caught.known
    )
    return True


async def at_intervals(
    lock: CatchUpLock,
    catch_up: CatchUp,
    clients: Callable[[], Iterable[tuple[str, Chatwoot]]],
    every: float,
    told: Told = _untold,
) -> None:
    """Catch up again and again, about every so many seconds whatever the number of workers, for ever.

    What a round looks at is what was said since the last one; where Redis has forgotten that, it is all there is.
    """
    while True:
        await asyncio.sleep(every * random.uniform(0.9, 1.1))  # noqa: S311 - jitter, not a secret
        try:
            if await lock.take():
                async with lock.held():
                    able = [(account, chatwoot) for account, chatwoot in clients() if chatwoot.reads_history]
                    await _each(able, lambda one: _again(lock, catch_up, one, every, told))
        except StoreUnavailable as error:
            _log.debug("catch_up_put_off", error=str(error))
        except Exception:  # noqa: BLE001 - one round's surprise is not the end of all rounds
            _log.exception("catch_up_failed")


async def _again(lock: CatchUpLock, catch_up: CatchUp, named: Named, every: float, told: Told) -> None:
    account, chatwoot = named
    made, now = await lock.last_begun(account), await lock.now()
    ago = None if made is None else now - made
    if ago is not None and ago < every / 2:
        return
    seconds = None if ago is None else ago + _OVERLAP
    await _ask_account(
        lock, account, now, lambda: catch_up.account(account, chatwoot, seconds=seconds, quiet=_UNDER_WAY), told
    )

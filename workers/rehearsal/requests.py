"""Rehearsals that the console asks for: a message to an account, as the configuration in force or a draft has it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

from chatwootai.channels.registry import names
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Exchange
from chatwootai.stores.installation.config_drafts import ConfigDrafts
from chatwootai.stores.operators.worker_requests import RequestFailed
from chatwootai.stores.server.connection import Connection
from config.files.drafts import CannotApply, apply_draft, unpack_draft
from config.live.live import Live
from config.snapshot import Account, Snapshot
from crews.knowledge.passage import Hit
from crews.knowledge.search.engine import IndexUnavailable
from workers.rehearsal.parts import TrialParts
from workers.rehearsal.rehearse import Trial, rehearse

_MOST_EXCHANGES: Final = 20
_LONGEST: Final = 4_000


class Rehearsals:
    """Rehearsals of one worker. Their crews are opened when first asked for, apart from those of its turns."""

    def __init__(self, connection: Connection, live: Live) -> None:
        self._connection = connection
        self._live = live
        self._stack = AsyncExitStack()
        self._parts: asyncio.Task[TrialParts] | None = None

    async def aclose(self) -> None:
        """Close what was opened."""
        await self._stack.aclose()

    async def rehearse(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer `text` to `account`; what was asked and what is told have the names of POST /api/rehearsals.

        Raises:
            RequestFailed: there is no such account, channel or draft, or the draft has problems.
        """
        drafted = bool(asked.get("draft"))
        snapshot = await self._drafted(str(asked["account"])) if drafted else self._live.snapshot
        told = await rehearse(_trial(snapshot, asked), await self._open())
        return told | {"draft": drafted, "config_version": self._live.version}

    async def nearest(self, account: Account, question: str) -> Hit | None:
        """Return the passage that would be offered first to a customer's crew; None where none would, or none is read.

        Raises:
            StoreUnavailable: Redis is away.
        """
        knowledge = (await self._open()).knowledge
        if knowledge is None or not account.settings.knowledge.sources:
            return None
        with suppress(IndexUnavailable):
            return next(iter(await knowledge.search(account.key, account.settings, question, 1)), None)
        return None

    async def _open(self) -> TrialParts:
        if self._parts is None:
            self._parts = asyncio.create_task(TrialParts.of_worker(self._stack, self._connection))
        return await asyncio.shield(self._parts)

    async def _drafted(self, account: str) -> Snapshot:
        """Return the configuration in force with the account's draft laid upon it."""
        kept = await ConfigDrafts(self._connection).read(account)
        if kept is None:
            raise RequestFailed("the account has no draft")
        try:
            draft = unpack_draft(kept.packed, self._live.environ)
            found = await asyncio.to_thread(self._live.holder.inspect, apply_draft(draft, self._live.holder.sources))
        except (CannotApply, ValueError) as error:
            raise RequestFailed(str(error)) from None
        if found.problems:
            raise RequestFailed("; ".join(str(one) for one in found.problems[:5]))
        return found.snapshot


def _trial(snapshot: Snapshot, asked: Mapping[str, Any]) -> Trial:
    account = snapshot.account(str(asked["account"]))
    channel = str(asked.get("channel") or "webchat")
    if account is None:
        raise RequestFailed("no account of this key is in force")
    if channel not in names():
        raise RequestFailed(f"channel: one of {', '.join(names())}")
    simulated = asked.get("tools")
    return Trial(
        account,
        channel,
        str(asked["text"])[:_LONGEST],
        inbox=int(asked.get("inbox") or 0),
        phone=str(asked.get("phone") or "") or None,
        history=_history(asked.get("history") or ()),
        simulated=dict(simulated) if simulated is not None else None,
    )


def _history(said: Sequence[Mapping[str, Any]]) -> tuple[Exchange, ...]:
    """Return what was said before, a minute apart, the last one a minute ago."""
    now, newest = time.time(), list(said)[-_MOST_EXCHANGES:]
    return tuple(
        Exchange(Role(one["role"]), str(one["text"])[:_LONGEST], now - 60 * (len(newest) - place))
        for place, one in enumerate(newest)
    )

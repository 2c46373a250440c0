"""Accounts and their connection to Chatwoot: what came last, what is refused, whose the tokens are."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.installation.incidents import Incident, Incidents, Kind
from chatwootai.stores.installation.refusals import Refusals
from chatwootai.stores.server.connection import Connection, batch
from config.snapshot import Account
from ops.doctor.chatwoot import look_at_tokens
from ops.jobs.pauses import read_pauses

MOST: Final = 100
"""Accounts of one page."""
_TOKEN_SECONDS: Final = 8.0
_KINDS: Final = (Kind.SIGNATURE, Kind.RATE, Kind.CHATWOOT)

Json = dict[str, Any]


async def read_connections(connection: Connection, accounts: Sequence[Account], now: float) -> list[Json]:
    """Return how each account is connected, as `GET /api/connections` has it.

    Raises:
        StoreUnavailable: Redis is away.
    """
    if not accounts:
        return []
    incidents, refusals = await asyncio.gather(Incidents(connection).all(), Refusals(connection).all())
    left = await batch(connection, *(("PTTL", keys.caught(one.key)) for one in accounts))
    (arrived,) = await batch(connection, ("HMGET", keys.ARRIVED, *(one.key for one in accounts)))
    paused = {one["account"]: one for one in await read_pauses(connection)}
    turns = await Figures(connection).newest([one.key for one in accounts])
    rows = []
    for account, caught, at in zip(accounts, left, arrived, strict=True):
        refused = [one for one in refusals if one.account == account.key]
        rows.append(
            {
                **_known(account),
                "last_message": int(at) / 1000 if at else None,
                "last_turn": turns.get(account.key),
                "paused": paused.get(account.key),
                "caught_up": now - (lifetimes.CAUGHT_MS - caught) / 1000 if caught > 0 else None,
                "refused": [{"token": f"{one.owner}_token", "since": one.since, "status": one.status,
                             "said": one.words} for one in refused],
                "incidents": [_incident(one) for one in incidents
                              if one.account == account.key and one.kind in _KINDS],
            }
        )  # fmt: skip
    return rows


def _known(account: Account) -> Json:
    return {
        "account": account.key,
        "name": account.name,
        "chatwoot": account.installation.url,
        "id": account.id,
        "tenant": f"{account.domain}/{account.folder}",
        "crew": account.crew,
        "priority": account.priority,
        "signature": account.signature,
        "user_token": account.user_token is not None,
        "inboxes": [{"id": one.id, "name": one.name, "crew": one.crew} for one in account.inboxes.values()],
    }


def _incident(one: Incident) -> Json:
    return {"kind": one.kind.value, "subject": one.subject, "reason": one.reason, "count": one.count,
            "since": one.since, "last": one.last}  # fmt: skip


async def read_tokens(account: Account) -> list[Json]:
    """Return what Chatwoot says of an account's tokens now: `state` (ok, warning, problem, off), `topic`, `said`."""
    try:
        async with asyncio.timeout(_TOKEN_SECONDS), aiohttp.ClientSession() as session:
            look = await look_at_tokens(session, account)
    except (TimeoutError, aiohttp.ClientError):
        return [{"state": "problem", "topic": "chatwoot", "said": f"{account.installation.url} does not answer",
                 "remedy": None}]  # fmt: skip
    return [line.as_data() for line in look.lines]


def chosen(accounts: Mapping[str, Account], account: str | None, after: str) -> tuple[list[Account], str | None]:
    """Return the accounts of a page, by key, those that come after one, and the last key where there are more."""
    if account:
        return ([accounts[account]] if account in accounts else []), None
    ordered = sorted(accounts, key=lambda key: (len(key), key))
    later = [key for key in ordered if (len(key), key) > (len(after), after)]
    page = later[:MOST]
    return [accounts[key] for key in page], page[-1] if len(later) > MOST else None

"""Examines an installation, part by part, and returns a line for each thing that was looked at."""

import asyncio
from collections.abc import Iterable, Mapping

import aiohttp

from config.snapshot import Account, Snapshot
from ops.doctor.chatwoot import AccountLook, look_at_installation, look_at_setup, look_at_tokens
from ops.doctor.door import knock
from ops.doctor.models import ask_models
from ops.doctor.redis import look_at_each_redis
from ops.doctor.switched_off import switched_off
from ops.doctor.turn import have_each_answered
from ops.doctor.verdict import State, Verdict, off
from workers.chatwoot.admin import address

__all__ = ["State", "ask_models_and_tokens", "examine_all", "public_address"]

ADMIN_TOKEN = "CHATWOOT_ADMIN_TOKEN"  # noqa: S105 - a variable's name


async def ask_models_and_tokens(accounts: Iterable[Account]) -> list[Verdict]:
    """Return a line for each model and each token."""
    served = list(accounts)
    async with aiohttp.ClientSession() as session:
        looking = asyncio.gather(*(look_at_tokens(session, account) for account in served))
        models, looks = await asyncio.gather(ask_models(served), looking)
    return [*models, *(line for look in looks for line in look.lines)]


async def examine_all(snapshot: Snapshot, environ: Mapping[str, str], ours: str | None) -> list[Verdict]:
    """Return a line for everything: Redis, models, each Chatwoot, each account, and what is switched off.

    `ours`: our public address; None: the one that Chatwoot reports to, else the mapping's `sync.address`.
    """
    accounts = list(snapshot.accounts.values())
    async with aiohttp.ClientSession() as session:
        urls = sorted({account.installation.url for account in accounts})
        redis, answers, models, installations, looks = await asyncio.gather(
            look_at_each_redis(accounts, environ),
            have_each_answered(accounts, environ),
            ask_models(accounts),
            asyncio.gather(*(look_at_installation(session, url) for url in urls)),
            asyncio.gather(*(_account(session, account, snapshot, environ, ours) for account in accounts)),
        )
    lines = [*redis, *models, *(line for found in installations for line in found)]
    return [*lines, *(line for look in looks for line in look.lines), *answers, *switched_off(snapshot, environ)]


async def _account(
    session: aiohttp.ClientSession, account: Account, snapshot: Snapshot, environ: Mapping[str, str], ours: str | None
) -> AccountLook:
    look = await look_at_tokens(session, account)
    await look_at_setup(session, look, environ.get(ADMIN_TOKEN))
    wanted = public_address(look, snapshot, ours)
    if wanted is None:
        said = "not tried: our public address is not known"
        look.say(off("delivery", said, "Name it: `chatwootai doctor --ours https://ai.example.com`"))
    else:
        look.say(await knock(session, account, wanted))
    return look


def public_address(look: AccountLook, snapshot: Snapshot, ours: str | None) -> str | None:
    """Return where this account's deliveries go: as asked, else as Chatwoot has it, else as the mapping says."""
    bot = look.setup.bot(look.account.key) if look.setup else None
    if ours is None and bot is not None:
        return bot.address
    base = ours or (snapshot.sync.address if snapshot.sync else None)
    return address(base, look.account.key) if base else None

"""`accounts where`: on which shard each account lives, where its keys are, and where further shards would put it."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chatwootai.stores.moving.move import marks
from chatwootai.stores.moving.places import count_keys
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.shards import VARIABLE, BadShards, Shards, UnknownShard
from ops.access import REDIS_AWAY, CommandError, UsageError, away_message, on_shard, sound_accounts
from ops.accounts import resolve_account
from ops.other_shards import connections
from ops.printing import complain

if TYPE_CHECKING:
    from config.snapshot import Account


async def places(shards: Shards, arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], int]:
    """Return a row for one account or all: `account`, `shard`, `pinned`, `keys` and `marks` by shard; and an exit code.

    `keys`: how many, where there are any. With `--with`, `then` is where those shards would put it, and of `--all` only
    accounts that would change are returned. Shards that are away are named on stderr: 1 then, 5 where all are.

    Raises:
        UsageError: `--with` cannot be read.
        CommandError: an account is pinned to a shard that there is not.
        StoreUnavailable: a shard went away after it had been asked once.
    """
    accounts = sound_accounts(arguments.config)
    if arguments.account:
        found = resolve_account(accounts, arguments.account)
        accounts = {found.key: found}
    then = _read(arguments.others) if arguments.others else None
    async with connections(shards) as connected:
        counts = await _count(shards, connected)
        asked = {name: connected[name] for name in counts}
        rows = []
        for key, account in sorted(accounts.items()):
            kept = {name: count[key] for name, count in counts.items() if count[key]}
            row = {**_place(shards, account), "keys": kept, "marks": await marks(asked, key)}
            rows.append({**row, "then": _place(then, account)["shard"]} if then else row)
    if then and not arguments.account:
        rows = [row for row in rows if row["then"] != row["shard"]]
    return rows, 0 if len(counts) == len(connected) else (1 if counts else REDIS_AWAY)


async def _count(shards: Shards, connected: Mapping[str, Connection]) -> dict[str, Mapping[str, int]]:
    """Return the keys of each account by shard; of a shard that is away nothing, and a sentence on stderr."""
    counts: dict[str, Mapping[str, int]] = {}
    for shard in shards:
        try:
            counts[shard.name] = await count_keys(connected[shard.name])
        except StoreUnavailable as error:
            with on_shard(shard, alone=False):
                complain(away_message(error))
    return counts


def _place(shards: Shards, account: "Account") -> dict[str, Any]:
    try:
        name = shards.of(account.key, account.shard).name
    except UnknownShard as error:
        raise CommandError(f"account {account.key}: {error}") from error
    return {"account": account.key, "shard": name, "pinned": account.shard is not None}


def _read(others: str) -> Shards:
    try:
        return Shards.from_environment({VARIABLE: others})
    except BadShards as error:
        raise UsageError(f"--with: {error}") from error


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a row as the table shows it."""
    said = (
        row["account"],
        row["shard"] or "-",
        "pin" if row["pinned"] else "hash",
        _by_shard(row["keys"]),
        _by_shard(row["marks"]),
    )
    return (*said, row["then"]) if "then" in row else said


def _by_shard(found: Mapping[str, object]) -> str:
    return ", ".join(f"{name or '-'}: {value}" for name, value in found.items())

"""Refuses a configuration that places an account on a shard which a move has taken it away from."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from chatwootai.stores.moving.move import accounts_gone, marks
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.shards import UnknownShard
from ops.access import CommandError
from ops.other_shards import connections, read_shards

if TYPE_CHECKING:
    from chatwootai.stores.server.shards import Shards
    from config.snapshot import Account

_MOST_NAMED: Final = 5


async def refuse_misplaced(accounts: "Mapping[str, Account]") -> None:
    """Let be put in force only what has each account where its data is; a shard that is away is not asked.

    Raises:
        CommandError: an account is placed on a shard that it has left, and that refuses what comes for it.
    """
    shards = read_shards()
    if not shards.names:
        return
    wrong = list[str]()
    async with connections(shards) as connected:
        for here, those in _by_shard(shards, accounts.values()).items():
            with suppress(StoreUnavailable):
                for account, there in (await accounts_gone(connected[here], those)).items():
                    if not await _is_under_way(connected, account, here, there):
                        wrong.append(_message(account, here, there))
    if wrong:
        more = [f"and {len(wrong) - _MOST_NAMED} more"] if len(wrong) > _MOST_NAMED else []
        raise CommandError("nothing was put in force. " + "; ".join([*wrong[:_MOST_NAMED], *more]))


def _by_shard(shards: "Shards", accounts: "Iterable[Account]") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for account in accounts:
        with suppress(UnknownShard):  # a problem of the configuration, which is told of as one
            found.setdefault(shards.of(account.key, account.shard).name, []).append(account.key)
    return found


async def _is_under_way(connected: Mapping[str, Connection], account: str, here: str, there: str) -> bool:
    """Tell whether its move has not ended, so that it may be undone yet."""
    if there not in connected:
        return False
    mark = (await marks({there: connected[there]}, account)).get(there)
    return mark in {f"arriving {here}", f"arrived {here}"}


def _message(account: str, here: str, there: str) -> str:
    return (
        f"account {account} is placed on shard {here}, which it has left for {there}: pin it there (`shard: {there}`), "
        f"or move it back before (`chatwootai accounts move {account} --to {here}`)"
    )

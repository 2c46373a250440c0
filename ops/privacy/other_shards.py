"""Reaches what an account has left on the other shards, for an erasure or an export."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chatwootai.stores.moving.account_data import AccountData
from chatwootai.stores.moving.move import marks
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from ops.access import CommandError, current_shard
from ops.other_shards import connections, read_shards


@asynccontextmanager
async def shards_left(account: str) -> AsyncIterator[dict[str, Connection]]:
    """Yield a connection to each shard that an account has left, by name; none where there is one Redis.

    Raises:
        CommandError: a move of it has not ended, so that what is erased might be copied; or a shard is away.
    """
    shards, here = read_shards(), current_shard()
    if here is None or not here.name:
        yield {}
        return
    async with connections(shards) as connected:
        try:
            left = await _read_left(connected, account, here.name)
        except StoreUnavailable as error:
            raise CommandError(
                f"a shard does not answer, and may keep something of account {account}: {error}"
            ) from error
        yield {name: connected[name] for name in left}


async def _read_left(connected: dict[str, Connection], account: str, here: str) -> list[str]:
    left = list[str]()
    for name, mark in (await marks(connected, account)).items():
        state, _, other = mark.partition(" ")
        if state != "left":
            raise _unfinished(account, name)
        if name == here or await AccountData(connected[name], account).count():
            raise _unfinished(account, other)
        left.append(name)
    return left


def _unfinished(account: str, to: str) -> CommandError:
    return CommandError(
        f"a move of account {account} has not ended, and may copy what is erased: run "
        f"`chatwootai accounts move {account} --to {to}` to its end, then the same again"
    )

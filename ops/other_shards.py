"""Reaches from one shard to the others: for what is put in force on all, and to tell whose accounts are whose."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from ops.access import CommandError, current_shard
from ops.printing import complain

VARIABLE: Final = "CHATWOOTAI_REDIS_SHARDS"
"""As in chatwootai.stores.server.shards, whose import takes milliseconds of each start."""

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from chatwootai.stores.server.shards import Shards
    from config.snapshot import Account


def read_shards() -> "Shards":
    """Return the shards of this process's environment.

    Raises:
        CommandError: CHATWOOTAI_REDIS_SHARDS cannot be read.
    """
    from chatwootai.stores.server.shards import BadShards, Shards

    try:
        return Shards.from_environment(os.environ)
    except BadShards as error:
        raise CommandError(error) from error


@asynccontextmanager
async def connections(shards: "Shards") -> "AsyncIterator[dict[str, Connection]]":
    """Yield a connection to each shard, by name."""
    from chatwootai.stores.server.connection import connect

    found = {each.name: connect(each.url, timeout=5.0) for each in shards}
    try:
        yield found
    finally:
        for connection in found.values():
            await connection.aclose()


def accounts_here(accounts: "Mapping[str, Account]") -> "dict[str, Account]":
    """Return those accounts that live on the present shard; all where there is one Redis.

    Raises:
        CommandError: one is pinned to a shard that there is not.
    """
    from chatwootai.stores.server.shards import UnknownShard

    here = current_shard()
    if here is None or not here.name:
        return dict(accounts)
    shards = read_shards()
    try:
        return {key: one for key, one in accounts.items() if shards.of(key, one.shard) == here}
    except UnknownShard as error:
        raise CommandError(error) from error


async def on_other_shards(work: "Callable[[Connection, str], Awaitable[None]]") -> bool:
    """Do some work on each shard but the present one, given its name; False where one is away, which is told."""
    from chatwootai.stores.server.connection import StoreUnavailable, connect

    here, there = current_shard(), [*read_shards()] if os.environ.get(VARIABLE) else []
    done = True
    for shard in there:
        if shard == here:
            continue
        connection = connect(shard.url, timeout=5.0)
        try:
            await work(connection, shard.name)
        except StoreUnavailable as error:
            done = False
            complain(f"shard {shard.name}: nothing was done: {error}")
        finally:
            await connection.aclose()
    return done

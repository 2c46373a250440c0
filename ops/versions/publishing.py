"""Puts a configuration in force everywhere, or one that was in force before."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from ops.access import NotFound, current_shard, operator_name
from ops.printing import complain, tell

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from config.files.sources import Sources
    from config.snapshot import Account


async def roll_back(
    snapshots: ConfigVersions, number: int, agreed: "Callable[[Sources], Awaitable[bool]]"
) -> bool | None:
    """Put a version in force that was so before; the one that is now is set aside until the folder changes.

    Returns:
        True if it is in force; False where it has problems or a shard is away, which is told; None where it was not
        agreed to.

    Raises:
        NotFound: nothing was published yet, or there is no such version any more.
        StoreUnavailable: Redis is away.
    """
    current = await current_version(snapshots)
    sources = await read_version(snapshots, number)
    if not is_sound(sources):
        return False
    if not await agreed(sources):
        return None
    aside = tuple(each for each in {*current.overrules, current.digest} if each != sources.digest())
    everywhere = await publish_version(snapshots, sources, "rollback", f"rollback to {number}", aside)
    tell("The folders stay as they are: mend them, for their next change is put in force.")
    return everywhere


async def publish_version(
    snapshots: ConfigVersions, sources: "Sources", what: str, why: str, aside: tuple[str, ...]
) -> bool:
    """Put a configuration in force on this shard, then on the others, and tell its version on each.

    `what`: for the audit; `aside`: digests set aside by it. Returns False where another shard is away, which is told.

    Raises:
        CommandError: it places an account on a shard that the account has left.
        StoreUnavailable: Redis is away, that of this shard where there are several.
    """
    from config.files.packing import pack
    from ops.events.audit import write_down
    from ops.other_shards import on_other_shards
    from ops.versions.misplaced import refuse_misplaced

    accounts = read_accounts(sources)
    await refuse_misplaced(accounts)
    packed = pack(sources, os.environ)

    async def publish(connection: "Connection", shard: str) -> None:
        number, new = await ConfigVersions(connection).publish(
            sources.digest(), packed, by=operator_name(), why=why, accounts=len(accounts), overrules=aside
        )
        of = f"shard {shard}: " if shard else ""
        tell(f"{of}version {number} is in force{'' if new else ' already'} ({why})")
        if new:
            await write_down(connection, what, of=str(number), details={"why": why})

    here = current_shard()
    await publish(snapshots.connection, here.name if here else "")
    return await on_other_shards(publish)


def is_sound(sources: "Sources") -> bool:
    """Tell whether it can be put in force. Secrets are the processes' own: this machine need not have them."""
    from config.loading.loader import inspect_sources
    from config.loading.without_secrets import OF_THE_MACHINE

    found = inspect_sources(sources, os.environ)
    problems = [each for each in found.problems if each.rule not in OF_THE_MACHINE]
    for problem in problems:
        complain(problem)
    return not problems


def read_accounts(sources: "Sources") -> "Mapping[str, Account]":
    """Return the accounts of a configuration, as far as it is sound but for secrets: they may be elsewhere."""
    from config.loading.without_secrets import inspect_sources_without_secrets

    return inspect_sources_without_secrets(sources, os.environ).found.snapshot.accounts


async def current_version(snapshots: ConfigVersions) -> ConfigVersion:
    """Return the version in force.

    Raises:
        NotFound: nothing was published yet.
    """
    current = await snapshots.current()
    if current is None:
        raise NotFound("no configuration was published yet; a running ingress or worker publishes its folder")
    return current


async def read_version(snapshots: ConfigVersions, number: int) -> "Sources":
    """Return what a version was written as.

    Raises:
        NotFound: it is not kept any more.
    """
    from config.files.packing import unpack

    packed = await snapshots.read(number)
    if packed is None:
        raise NotFound(f"there is no version {number} any more; `chatwootai config history` lists those kept")
    return unpack(packed, os.environ)

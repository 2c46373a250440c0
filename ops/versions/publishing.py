"""Puts a configuration in force everywhere, or one that was in force before."""

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from ops.access import NotFound, operator_name
from ops.printing import complain, tell

if TYPE_CHECKING:
    from config.files.sources import Sources


async def roll_back(
    snapshots: ConfigVersions, number: int, agreed: "Callable[[Sources], Awaitable[bool]]"
) -> bool | None:
    """Put a version in force that was so before; the one that is now is set aside until the folder changes.

    Returns:
        True if it is in force; False where it has problems, which are told; None where it was not agreed to.

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
    await publish_version(snapshots, sources, "rollback", f"rollback to {number}", aside)
    tell("The folders stay as they are: mend them, for their next change is put in force.")
    return True


async def publish_version(
    snapshots: ConfigVersions, sources: "Sources", what: str, why: str, aside: tuple[str, ...]
) -> None:
    """Put a configuration in force, and tell its version. `what`: for the audit; `aside`: digests set aside by it.

    Raises:
        StoreUnavailable: Redis is away.
    """
    from config.files.packing import pack
    from ops.events.audit import write_down

    accounts = _count_accounts(sources)
    number, new = await snapshots.publish(
        sources.digest(), pack(sources, os.environ), by=operator_name(), why=why, accounts=accounts, overrules=aside
    )
    tell(f"version {number} is in force{'' if new else ' already'} ({why})")
    if new:
        await write_down(snapshots.connection, what, of=str(number), details={"why": why})


def is_sound(sources: "Sources") -> bool:
    """Tell whether it can be put in force. Secrets are the processes' own: this machine need not have them."""
    from config.loading.loader import inspect_sources
    from config.loading.without_secrets import OF_THE_MACHINE

    found = inspect_sources(sources, os.environ)
    problems = [each for each in found.problems if each.rule not in OF_THE_MACHINE]
    for problem in problems:
        complain(problem)
    return not problems


def _count_accounts(sources: "Sources") -> int:
    from config.loading.loader import inspect_sources

    return len(inspect_sources(sources, os.environ).snapshot.accounts)


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

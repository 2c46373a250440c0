"""Has all processes serve an account on another shard: a pin in the mapping, a version on each shard, a wait."""

import asyncio
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.installation.processes import Processes
from ops.access import CommandError, operator_name
from ops.moving.steps import StillWaits
from ops.printing import tell

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

MAPPING: Final = "chatwoot_mapping.yaml"
_LOOK: Final = 0.2
_MOST_SET_ASIDE: Final = 500
"""Digests: one comes with each move, and all stand in each version."""


async def require_published(shards: "Mapping[str, Connection]", folder: Path) -> None:
    """Let a move begin only where the folder says what is in force on each shard: its pin is published from here.

    Raises:
        CommandError: it does not, or has problems.
        StoreUnavailable: a shard is away.
    """
    from config.files.sources import gather
    from ops.versions.publishing import is_sound

    sources = gather(folder, os.environ)
    if not is_sound(sources):
        raise CommandError(f"{folder} has problems: `chatwootai check` lists them")
    for name, connection in shards.items():
        current = await ConfigVersions(connection).current()
        if current is None or current.digest != sources.digest():
            raise CommandError(
                f"{folder} is not what is in force on shard {name}: look at `chatwootai config diff`, then "
                "`chatwootai config publish`"
            )


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one move at a time pin and publish from a folder: two would each publish without the other's pin."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # for as long as another publishes
        yield
    finally:
        os.close(descriptor)


def pin(folder: Path, account: str, shard: str) -> None:
    """Write into the mapping where an account lives from now on.

    Raises:
        CommandError: the file cannot be edited, or has no such account.
    """
    from config.mapping.mapping_edit import MappingEdit, NotEditable

    path = folder / MAPPING
    try:
        edit = MappingEdit.read(path)
    except NotEditable as error:
        raise CommandError(f"{path}: {error}. Write `shard: {shard}` at the account and run it again") from error
    if not edit.has_account(account):
        raise CommandError(f"{path} has no account {account}")
    edit.pin(account, shard)
    if edit.text() != edit.before:
        edit.save(path)
    tell(f"pinned: {account} to {shard} in {path}")


async def publish_everywhere(shards: "Mapping[str, Connection]", folder: Path, why: str) -> str:
    """Put the folder in force on each shard; return its digest. What was in force is set aside.

    So a process whose own folder is still the one from before does not publish that when it starts.

    Raises:
        CommandError: it has problems.
        StoreUnavailable: a shard is away.
    """
    from config.files.packing import pack
    from config.files.sources import gather
    from config.loading.loader import inspect_sources
    from ops.versions.publishing import is_sound

    sources = gather(folder, os.environ)
    if not is_sound(sources):
        raise CommandError(f"{folder} has problems now: mend them and run it again")
    accounts = len(inspect_sources(sources, os.environ).snapshot.accounts)
    packed = pack(sources, os.environ)
    for name, connection in shards.items():
        versions = ConfigVersions(connection)
        number, _ = await versions.publish(
            sources.digest(),
            packed,
            by=operator_name(),
            why=why,
            accounts=accounts,
            overrules=_set_aside(await versions.current(), sources.digest()),
        )
        tell(f"published: version {number} is in force on {name}")
    return str(sources.digest())


def _set_aside(current: ConfigVersion | None, digest: str) -> tuple[str, ...]:
    if current is None or current.digest == digest:
        return ()  # it is in force already, with what it has set aside
    aside = dict.fromkeys((*current.overrules, current.digest))
    return tuple(each for each in aside if each != digest)[-_MOST_SET_ASIDE:]


async def wait_until_served(
    shards: "Mapping[str, Connection]", digest: str, patience: float, pinned: tuple[str, str]
) -> None:
    """Wait until each living process of each shard serves a configuration, or one in force since that keeps the pin.

    `pinned`: the account and its shard. Another move may have published meanwhile.

    Raises:
        StillWaits: one does not after `patience` seconds.
        StoreUnavailable: a shard is away.
    """
    until = time.monotonic() + patience
    while behind := await _behind(shards, digest, pinned):
        if time.monotonic() > until:
            raise StillWaits(
                f"after {patience:.0f} s there serve another configuration: {', '.join(sorted(behind))}. "
                "`chatwootai config status` says why; then run the same command again"
            )
        await asyncio.sleep(_LOOK)
    tell("served: all processes have that version")


async def _behind(shards: "Mapping[str, Connection]", digest: str, pinned: tuple[str, str]) -> set[str]:
    behind = set[str]()
    for connection in shards.values():
        others = [one for one in await Processes(connection).all() if not one.gone and one.digest != digest]
        newer = await _newer_with(ConfigVersions(connection), pinned) if others else None
        behind |= {one.name for one in others if one.digest != newer}
    return behind


async def _newer_with(versions: ConfigVersions, pinned: tuple[str, str]) -> str | None:
    """Return the digest of what is in force on a shard; None where that does not have the pin."""
    from config.files.packing import unpack
    from config.loading.loader import inspect_sources

    current = await versions.current()
    packed = await versions.read(current.number) if current else None
    if current is None or packed is None:
        return None
    account = inspect_sources(unpack(packed, os.environ), os.environ).snapshot.accounts.get(pinned[0])
    return current.digest if account is not None and account.shard == pinned[1] else None

"""Objections to a folder that is sound: a gate that was not asked, an account that has moved to another shard."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from chatwootai.stores.installation.config_versions import ConfigVersion, ConfigVersions
from chatwootai.stores.moving.move import accounts_gone
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.shards import BadShards, Shards, UnknownShard
from chatwootai.stores.server.state import state_of
from config.document.problems import Problem
from config.files.packing import unpack
from config.files.sources import MAPPING, Sources
from config.live.holder import Holder
from config.loading.gated import gated_changes
from config.snapshot import Account, Snapshot

_GATE: Final = (
    "Run `chatwootai config publish`: it runs them and puts the folder in force where they are green; "
    '`--without-gate "why"` goes around them.'
)


def gate_objections(before: Snapshot, after: Snapshot) -> tuple[Problem, ...]:
    """Return a problem for each account whose gate was not asked about what a folder changes."""
    return tuple(
        Problem(
            _settings_file(after.accounts[key]), 1, 1, "gate",
            f"account {key} demands green cases ({', '.join(sets)}) before it answers otherwise, and they were not "
            "run: the configuration before goes on", _GATE,
        )
        for key, sets in gated_changes(before, after).items()
    )  # fmt: skip


def _settings_file(account: Account) -> str:
    return "/".join(part for part in ("domains", account.domain, account.folder, "config.yaml") if part)


async def moved_objections(
    before: Snapshot, after: Snapshot, environ: Mapping[str, str], connections: Iterable[Connection]
) -> tuple[Problem, ...]:
    """Return a problem for each account that a folder places on a shard which a move has taken it away from.

    A shard that is away is not asked.
    """
    try:
        shards = Shards.from_environment(environ)
    except BadShards:
        return ()
    if not shards.names:
        return ()
    there, here = _places(shards, before), _places(shards, after)
    found: list[Problem] = []
    for connection in connections:
        name = state_of(connection).shard
        placed = [key for key, place in here.items() if place == name and there.get(key, name) != name]
        try:
            gone = await accounts_gone(connection, placed)
        except StoreUnavailable:
            continue
        found += [_moved(key, name, to) for key, to in gone.items()]
    return tuple(found)


def _places(shards: Shards, snapshot: Snapshot) -> dict[str, str]:
    found = {}
    for key, account in snapshot.accounts.items():
        try:
            found[key] = shards.of(key, account.shard).name
        except UnknownShard:  # a problem of the configuration, which is told of as one
            continue
    return found


def _moved(account: str, here: str, there: str) -> Problem:
    return Problem(
        MAPPING, 1, 1, "moved",
        f"account {account} is placed on shard {here}, which it has left for {there}: the configuration before goes on",
        f"Write `shard: {there}` at the account, or move it back (`chatwootai accounts move {account} --to {here}`).",
    )  # fmt: skip


async def find_objections(
    holder: Holder, current: ConfigVersion, versions: ConfigVersions, environ: Mapping[str, str],
    shards: Iterable[ConfigVersions],
) -> tuple[Sources, tuple[Problem, ...]] | None:  # fmt: skip
    """Compare what a process has of its folder with the version in force.

    Returns:
        That version and what is objected to the folder; None where there is nothing, or that version is not to be had.

    Raises:
        StoreUnavailable: Redis is away.
    """
    packed = await versions.read(current.number)
    try:
        sources = unpack(packed, environ) if packed is not None else None
    except ValueError:  # another key: it could not be put in force here either
        sources = None
    if sources is None:
        return None
    found = await asyncio.to_thread(holder.inspect, sources)
    if found.problems:
        return None
    before, after = found.snapshot, holder.whole
    gate = () if holder.edited else gate_objections(before, after)  # an edit was asked about when it was read
    problems = (*gate, *await moved_objections(before, after, environ, [each.connection for each in shards]))
    return (sources, problems) if problems else None

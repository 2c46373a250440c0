"""`accounts move`: chooses source and target, shows what would happen, and moves the account or takes it back."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chatwootai.stores import keys
from chatwootai.stores.moving.account_data import AccountData
from chatwootai.stores.moving.move import Move, Stage, marks
from chatwootai.stores.server.connection import Connection, store_errors
from chatwootai.stores.server.shards import Shards, UnknownShard
from ops.access import CommandError, UsageError, confirm, sound_accounts
from ops.accounts import resolve_account
from ops.events.audit import write_down
from ops.moving import switch
from ops.moving.steps import carry_out, occupied_message, take_back
from ops.other_shards import connections
from ops.printing import tell

if TYPE_CHECKING:
    from config.snapshot import Account


async def relocate(shards: Shards, arguments: argparse.Namespace) -> None:
    """Move the account that the arguments name to the shard that they name, or do what else they say.

    Raises:
        UsageError: there are no shards of that name, or none at all.
        CommandError: it cannot begin, or waits for something; the message says for what.
        StoreUnavailable: a shard is away.
    """
    if not shards.names:
        raise UsageError("there is one Redis: CHATWOOTAI_REDIS_SHARDS names several")
    try:
        target = shards.named(arguments.to).name
    except UnknownShard as error:
        raise UsageError(str(error)) from error
    account = resolve_account(sound_accounts(arguments.config), arguments.account)
    async with connections(shards) as connected:
        await _relocate(account, shards.of(account.key, account.shard).name, target, connected, arguments)


async def _relocate(
    account: "Account", place: str, target: str, connected: Mapping[str, Connection], arguments: argparse.Namespace
) -> None:
    source = await _source(account.key, place, target, connected)
    if source is None:
        tell(f"{account.key} is on {target}: nothing is to be moved")
        return
    move = Move(account.key, (source, connected[source]), (target, connected[target]))
    if arguments.dry_run:
        await _show(move, place)
        return
    if arguments.abort:
        await take_back(move, place)
        await write_down(connected[source], "accounts move --abort", account=account.key, details={"to": target})
        return
    await _go(move, place, connected, arguments)


async def _go(move: Move, place: str, connected: Mapping[str, Connection], arguments: argparse.Namespace) -> None:
    if await move.stage(place) is Stage.NEW:
        with switch.alone_in(arguments.config):
            await switch.require_published(connected, arguments.config)
        if not arguments.replace and (count := await move.count_own()):
            raise CommandError(occupied_message(move, count))
        if not confirm(f"move {move.account} from {move.source} to {move.target}?", yes=arguments.yes, undoable=True):
            raise CommandError("nothing was done")

    async def switched() -> None:
        with switch.alone_in(arguments.config):
            switch.pin(arguments.config, move.account, move.target)
            digest = await switch.publish_everywhere(connected, arguments.config, f"{move.account} to {move.target}")
        await switch.wait_until_served(connected, digest, arguments.wait, (move.account, move.target))

    await carry_out(move, place, switched, patience=arguments.wait, replace=arguments.replace)
    details = {"from": move.source, "to": move.target}
    for connection in (connected[move.source], connected[move.target]):
        await write_down(connection, "accounts move", account=move.account, details=details)


async def _source(account: str, place: str, target: str, connected: Mapping[str, Connection]) -> str | None:
    """Return from where the account moves: as a move under way says it, else the configuration, else its keys.

    None: it is on the target, and nothing of it lies elsewhere.

    Raises:
        CommandError: it is on its way from elsewhere than the configuration says, or lies on several others.
    """
    known = await marks(connected, account)
    state, _, coming = known.get(target, "").partition(" ")
    if state in {"arriving", "arrived"}:
        if place not in {coming, target}:
            raise CommandError(
                f"{account} is on its way from {coming} to {target}, but the mapping has it on {place} by now: "
                f"pin it to {coming} again, and run the same command"
            )
        return coming
    if place != target:
        if known.get(target) == f"left {place}" and await AccountData(connected[target], account).count():
            raise CommandError(
                f"its move from {target} has not ended: run `accounts move {account} --to {place}` first"
            )
        return place
    others = [name for name in connected if name != target]
    lying = [name for name in others if await AccountData(connected[name], account).count()]
    left = [name for name in lying if known.get(name) == f"left {target}"]
    if len(lying) > 1 and not left:
        raise CommandError(
            f"keys of {account} lie on {' and '.join(lying)}: pin it to the one that has its data, publish, and run it "
            "again"
        )
    return next(iter(left or lying), None)


async def _show(move: Move, place: str) -> None:
    """Tell what would be done; nothing is changed."""
    stage = await move.stage(place)
    count = await move.kept.count()
    with store_errors(move.kept.connection):
        waiting = await move.kept.connection.hget(keys.WAITING, move.account)
    tell(f"{move.account}: from {move.source} to {move.target}; {count} keys, {int(waiting or 0)} messages wait")
    steps = {
        Stage.NEW: "hold, wait for its turns, copy, pin and publish, open, clear",
        Stage.COPYING: "wait for its turns, copy anew, pin and publish, open, clear (or --abort)",
        Stage.COPIED: "pin and publish, open, clear (or --abort)",
        Stage.OPENED: "clear",
    }
    tell(f"to be done: {steps[stage]}")
    if stage is Stage.NEW and (own := await move.count_own()):
        tell(f"it would be refused without --replace: {occupied_message(move, own)}")

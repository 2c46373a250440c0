"""The steps of a move, each told when it is done; cut off anywhere and run again, they come to the same end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from chatwootai.stores.moving.move import Move, Occupied, Stage
from ops.access import CommandError
from ops.printing import tell

_LOOK: Final = 0.2
"""Seconds between two looks at what is waited for."""


class StillWaits(CommandError):
    """A wait was too long; nothing is lost by that, and the same command goes on."""


async def carry_out(
    move: Move, place: str, switch: Callable[[], Awaitable[None]], *, patience: float, replace: bool = False
) -> None:
    """Move an account, from wherever an earlier move of it was cut off.

    Args:
        move: whose, from where and to where.
        place: the shard on which the configuration in force has the account.
        switch: puts a configuration in force that has it on the target, and waits until all processes serve that.
        patience: seconds for turns that run.
        replace: what the target holds of it by itself may be removed.

    Raises:
        CommandError: the target holds something of it by itself.
        StillWaits: turns run after that, or a process does not serve the new configuration.
        StoreUnavailable: one of the two shards is away.
    """
    stage = await move.stage(place)
    if stage in {Stage.NEW, Stage.COPYING}:
        await _bring(move, patience, replace=replace)
    if stage is not Stage.OPENED:
        await switch()
        jobs = await move.open()
        tell(f"opened: turns of {move.account} run on {move.target}; {jobs} jobs waited")
    keys = await move.clear()
    tell(f"cleared: {keys} keys of {move.account} are gone from {move.source}")


async def _bring(move: Move, patience: float, *, replace: bool) -> None:
    try:
        await move.begin(replace=replace)
    except Occupied as error:
        raise CommandError(occupied_message(move, error.count)) from error
    tell(f"begun: {move.target} expects {move.account}")
    await _wait_for_turns(move, patience)
    begun = time.monotonic()
    keys = await move.copy()
    tell(f"copied: {keys} keys of {move.account} are on {move.target} ({time.monotonic() - begun:.1f} s)")


def occupied_message(move: Move, count: int) -> str:
    """Return why a copy cannot begin, and what to do."""
    return (
        f"{move.target} holds {count} keys of {move.account} by itself, which the copy would remove. If what is on "
        f"{move.target} is the account's data, pin it there (`shard: {move.target}` in the mapping) and publish; if it "
        f"may go for what is on {move.source}, add --replace, then `chatwootai catch-up` finds what nobody answered"
    )


async def _wait_for_turns(move: Move, patience: float) -> None:
    running = await move.hold()
    tell(f"held: {move.source} admits nothing more of {move.account} (doors keep it) and starts no turn")
    until = time.monotonic() + patience
    while running:
        if time.monotonic() > until:
            raise StillWaits(
                f"after {patience:.0f} s there still run {running} of {move.account} on {move.source}: "
                "run the same command again, or --abort"
            )
        await asyncio.sleep(_LOOK)
        running = await move.hold()
    tell(f"ended: no turn of {move.account} runs on {move.source}")


async def take_back(move: Move, place: str) -> None:
    """Undo a move that has not been switched yet.

    Raises:
        CommandError: there is nothing to undo, or the account is served on the target already.
        StoreUnavailable: one of the two shards is away.
    """
    stage = await move.stage(place)
    if place == move.target:
        raise CommandError(f"{move.account} is served on {move.target} by now: run the move to its end, then back")
    if stage is Stage.NEW:
        raise CommandError(f"no move of {move.account} to {move.target} is under way")
    await move.undo()
    tell(f"undone: {move.account} goes on where it was, on {move.source}")

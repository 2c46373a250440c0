"""Does `jobs retry`, `jobs drop` and `replay` to many at once: counted, asked for once, at a rate."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.server.connection import Connection
from ops.access import CommandError, UsageError, confirm, sound_accounts
from ops.jobs.job_actions import drop_letter, ensure_pending, replay_turn, retry_letter
from ops.jobs.job_views import account_key
from ops.printing import complain, table
from ops.times import format_moment

T = TypeVar("T")
_SHOWN = 20


def is_bulk(arguments: argparse.Namespace) -> bool:
    """Tell whether a selection is meant and not one thing by its name.

    Raises:
        UsageError: both, or neither, are named.
    """
    narrowed = any(getattr(arguments, name) is not None for name in ("account", "cause", "since", "until"))
    if arguments.what and (arguments.all or narrowed):
        raise UsageError("name one thing, or select by --account, --cause, --since, --until or --all: not both")
    if not arguments.what and not arguments.all and not narrowed:
        raise UsageError("name one thing, or select dead letters by --account, --cause, --since, --until or --all")
    return not arguments.what


async def select_letters(connection: Connection, arguments: argparse.Namespace) -> AsyncIterator[DeadLetter]:
    """Yield the dead letters that `--account`, `--cause`, `--since` and `--until` leave, the newest first."""
    account = await account_key(connection, arguments)
    cause = (arguments.cause or "").casefold()
    async for one in DeadLetters(connection).all():
        in_time = (arguments.since or 0) <= one.at <= (arguments.until or time.time() + 1)
        if in_time and cause in one.cause.casefold() and account in {None, one.conv.rpartition(":")[0]}:
            yield one


async def retry_selected(connection: Connection, arguments: argparse.Namespace) -> int:
    """Retry the dead letters that are selected, the oldest first; 1 where one could not be retried."""
    accounts = sound_accounts(arguments.config)

    async def retry(letter: DeadLetter) -> int:
        assignee = await ensure_pending(letter.conv, arguments, accounts)
        return await retry_letter(connection, letter, assignee)

    return await _do_to_all(connection, arguments, "retry", retry)


async def drop_selected(connection: Connection, arguments: argparse.Namespace) -> int:
    """Throw the dead letters away that are selected; 1 where nobody agreed."""

    async def drop(letter: DeadLetter) -> int:
        return await drop_letter(connection, letter)

    return await _do_to_all(connection, arguments, "throw away", drop)


async def replay_selected(connection: Connection, arguments: argparse.Namespace) -> int:
    """Have the conversations answered again whose last turn is among those selected; 1 where one could not be.

    Only turns that gave the conversation to people, or dropped it, are selected; `--cause` looks at the handoff's
    cause, and at what stood behind it.
    """
    accounts = sound_accounts(arguments.config)
    turns = await _select_turns(connection, arguments)
    rows = [(name, conv, format_moment(at), cause) for conv, (at, name, cause) in sorted(turns.items())]
    if rows:
        table(("TURN", "CONVERSATION", "AT", "CAUSE"), rows)
    count = f"{len(rows)} conversation{'' if len(rows) == 1 else 's'}"
    if not rows or arguments.dry_run:
        print(f"{count}: nothing was done")
        return 0
    if not confirm(f"have {count} answered again?", yes=arguments.yes):
        return 1

    async def replay(row: tuple[str, str, str, str]) -> int:
        return await replay_turn(connection, row[1], row[0], await ensure_pending(row[1], arguments, accounts))

    return await _work_through(rows, replay, arguments.rate)


async def _select_turns(connection: Connection, arguments: argparse.Namespace) -> dict[str, tuple[float, str, str]]:
    """Return, by conversation, moment, id and cause of its last turn, where that is selected."""
    account, wanted = await account_key(connection, arguments), (arguments.cause or "").casefold()
    last: dict[str, tuple[float, str, dict[str, object]]] = {}
    async for name, at, record in Turns(connection).all(time.time()):
        conv = f"{record.get('account')}:{record.get('conversation')}"
        if account in {None, record.get("account")} and at >= last.get(conv, (0.0,))[0]:
            last[conv] = (at, name, record)
    found = {}
    for conv, (at, name, record) in last.items():
        cause = ": ".join(str(record[key]) for key in ("cause", "error") if record.get(key))
        in_time = (arguments.since or 0) <= at <= (arguments.until or at)
        if record.get("outcome") == "handoff" and in_time and wanted in cause.casefold():
            found[conv] = (at, name, cause)
    return found


async def _do_to_all(
    connection: Connection, arguments: argparse.Namespace, what: str, act: Callable[[DeadLetter], Awaitable[int]]
) -> int:
    letters = [one async for one in select_letters(connection, arguments)][::-1]
    conversations = len({one.conv for one in letters})
    count = f"{len(letters)} dead letter{'' if len(letters) == 1 else 's'} of {conversations} conversation"
    _print_selection(letters)
    if not letters or arguments.dry_run:
        print(f"{count}{'' if conversations == 1 else 's'}: nothing was done")
        return 0
    if not confirm(f"{what} {count}{'' if conversations == 1 else 's'}?", yes=arguments.yes):
        return 1
    return await _work_through(letters, act, arguments.rate)


async def _work_through(rows: Sequence[T], act: Callable[[T], Awaitable[int]], rate: float | None) -> int:
    """Do something to each row, at most `rate` a second; 1 where one failed, which keeps no other from it."""
    failed = 0
    for number, row in enumerate(rows):
        if number and rate:
            await asyncio.sleep(1 / rate)
        try:
            failed += await act(row)
        except CommandError as error:
            complain(error)
            failed += 1
    print(f"{len(rows) - failed} done, {failed} not")
    return 1 if failed else 0


def _print_selection(letters: list[DeadLetter]) -> None:
    if len(letters) <= _SHOWN:
        rows = [(one.turn, one.conv, format_moment(one.at), one.cause) for one in letters]
        if rows:
            table(("TURN", "CONVERSATION", "SINCE", "CAUSE"), rows)
        return
    table(
        ("LETTERS", "CAUSE"), [(number, cause) for cause, number in Counter(one.cause for one in letters).most_common()]
    )

"""Does `jobs retry`, `jobs drop` and `replay` to many at once: counted, asked for once, at a rate."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from chatwootai.model.policy.reasons import is_named
from chatwootai.stores.operators.actions import DropResult, OperatorActions, RunNowResult
from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.operators.inspection import Job
from chatwootai.stores.server.connection import Connection
from ops.access import CommandError, UsageError, confirm, operator_name, sound_accounts
from ops.events.audit import options_used, write_down
from ops.jobs.job_actions import RUN_NOW_WORDS, drop_letter, ensure_pending, replay_turn, retry_letter
from ops.jobs.job_views import account_key, put_off_cause, selected_jobs
from ops.jobs.turn_selection import last_turns, turn_row
from ops.printing import complain, table
from ops.times import format_moment

T = TypeVar("T")
_SHOWN = 20
_HOW = "name one thing, or select by --account, --state, --cause, --since, --until or --all"
_QUESTIONS = {"retry": "retry {}", "drop": "throw {} away", "replay": "have {} answered again"}


def is_bulk(arguments: argparse.Namespace) -> bool:
    """Tell whether a selection is meant and not one thing by its name.

    Raises:
        UsageError: both, or neither, are named.
    """
    narrowed = any(getattr(arguments, name) is not None for name in ("account", "cause", "since", "until", "state"))
    if arguments.what and (arguments.all or narrowed):
        raise UsageError(
            "name one thing, or select by --account, --state, --cause, --since, --until or --all: not both"
        )
    if not arguments.what and not arguments.all and not narrowed:
        raise UsageError(_HOW)
    return not arguments.what


async def select_letters(connection: Connection, arguments: argparse.Namespace) -> AsyncIterator[DeadLetter]:
    """Yield the dead letters that `--account`, `--cause`, `--since` and `--until` leave, the newest first."""
    account = await account_key(connection, arguments)
    async for one in DeadLetters(connection).all():
        in_time = (arguments.since or 0) <= one.at <= (arguments.until or time.time() + 1)
        if in_time and is_named(arguments.cause or "", one.cause) and account in {None, one.conv.rpartition(":")[0]}:
            yield one


async def retry_selected(connection: Connection, arguments: argparse.Namespace) -> int:
    """Retry what is selected, the oldest first; 1 where something could not be retried.

    Dead letters are answered after all; with `--state scheduled`, what was put off runs now.
    """
    if arguments.state == "scheduled":
        return await _do_to_jobs(connection, arguments, "retry", _run_now)
    accounts = sound_accounts(arguments.config)

    async def retry(letter: DeadLetter) -> int:
        assignee = await ensure_pending(letter.conv, arguments, accounts)
        return await retry_letter(connection, letter, assignee)

    return await _do_to_letters(connection, arguments, "retry", retry)


async def drop_selected(connection: Connection, arguments: argparse.Namespace) -> int:
    """Throw away what is selected: dead letters, or with another `--state` all that conversations have to do.

    1 where nobody agreed, or something could not be dropped.
    """
    if arguments.state in {"scheduled", "waiting"}:
        return await _do_to_jobs(connection, arguments, "drop", _drop)

    async def drop(letter: DeadLetter) -> int:
        return await drop_letter(connection, letter)

    return await _do_to_letters(connection, arguments, "drop", drop)


async def replay_selected(connection: Connection, arguments: argparse.Namespace) -> int:
    """Have the conversations answered again whose last turn is among those selected; 1 where one could not be.

    `--state` chooses between turns that gave the conversation to people (the default) and those that answered;
    `--cause` looks at the handoff's cause, and at what stood behind it.
    """
    accounts = sound_accounts(arguments.config)
    rows = await last_turns(connection, arguments, await account_key(connection, arguments))
    if rows:
        table(("TURN", "CONVERSATION", "AT", "CAUSE"), map(turn_row, rows))

    async def replay(row: dict[str, Any]) -> int:
        conv = row["conv"]
        return await replay_turn(connection, conv, row["turn"], await ensure_pending(conv, arguments, accounts))

    return await _agreed(connection, arguments, "replay", "conversation", rows, replay)


async def _run_now(connection: Connection, job: Job) -> int:
    became = await OperatorActions(connection, operator_name()).run_now(job.job)
    print(f"{job.job} {RUN_NOW_WORDS[became]}")
    return 1 if became is RunNowResult.GONE else 0


async def _drop(connection: Connection, job: Job) -> int:
    dropped = await OperatorActions(connection, operator_name()).drop(job.conv)
    print(f"{job.conv}: {dropped.fate.value}, {dropped.messages} messages and {dropped.actions} actions")
    return 1 if dropped.fate is DropResult.RUNNING else 0


async def _do_to_jobs(
    connection: Connection, arguments: argparse.Namespace, what: str, act: Callable[[Connection, Job], Awaitable[int]]
) -> int:
    account = await account_key(connection, arguments)
    jobs = [one async for one in selected_jobs(connection, arguments, account)]
    if jobs:
        rows = [
            (one.job, one.conv, one.messages, put_off_cause(one.cause or "", parked=one.parked))
            for one in jobs[:_SHOWN]
        ]
        table(("JOB", "CONVERSATION", "MESSAGES", "WHY"), rows)
    if len(jobs) > _SHOWN:
        print(f"... and {len(jobs) - _SHOWN} more")
    return await _agreed(connection, arguments, what, "conversation", jobs, lambda one: act(connection, one))


async def _do_to_letters(
    connection: Connection, arguments: argparse.Namespace, what: str, act: Callable[[DeadLetter], Awaitable[int]]
) -> int:
    letters = [one async for one in select_letters(connection, arguments)][::-1]
    conversations = len({one.conv for one in letters})
    _print_selection(letters)
    noun = f"of {conversations} conversation{'' if conversations == 1 else 's'}"
    return await _agreed(connection, arguments, what, "dead letter", letters, act, noun)


async def _agreed(
    connection: Connection, arguments: argparse.Namespace, what: str, noun: str, rows: Sequence[T],
    act: Callable[[T], Awaitable[int]], more: str = "",
) -> int:  # fmt: skip
    """Say how many are selected, ask, and do it; 0 where there are none or with `--dry-run`."""
    count = f"{len(rows)} {noun}{'' if len(rows) == 1 else 's'}{' ' if more else ''}{more}"
    if not rows or arguments.dry_run:
        print(f"{count}: nothing was done")
        return 0
    if not confirm(f"{_QUESTIONS[what].format(count)}?", yes=arguments.yes):
        return 1
    return await _work_through(connection, arguments, what, rows, act)


async def _work_through(
    connection: Connection, arguments: argparse.Namespace, what: str, rows: Sequence[T],
    act: Callable[[T], Awaitable[int]],
) -> int:  # fmt: skip
    """Do something to each row, at most `--rate` a second; 1 where one failed, which keeps no other from it.

    The audit is told how many were done, also where the operator breaks it off.
    """
    done = failed = 0
    try:
        for number, row in enumerate(rows):
            if number and arguments.rate:
                await asyncio.sleep(1 / arguments.rate)
            try:
                code = await act(row)
            except CommandError as error:
                complain(error)
                code = 1
            done, failed = done + (code == 0), failed + (code != 0)
    finally:
        account = await account_key(connection, arguments) or ""
        if done:
            await write_down(connection, what, account=account, count=done, details=options_used(arguments))
    print(f"{done} done, {failed} not")
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

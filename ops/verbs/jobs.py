"""`chatwootai jobs`: what waits, runs and died; one conversation's life; and hands to put things right."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ops.printing import complain, takes_config, takes_json

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

SUMMARY = "list what waits, runs, is put off or died; show, retry or drop one"
EXAMPLES = """\
  chatwootai jobs stats --watch
  chatwootai jobs list --state dead
  chatwootai jobs show 1:25                the life of conversation 25 of account 1, step by step
  chatwootai jobs retry 1:25 --hand-back   have its dead letters answered after all
  chatwootai jobs drop 1:25                give up what it still has to do"""
STATES = ("waiting", "running", "scheduled", "dead")
_WHAT = "a job (turn:1:25:3), a turn or dead letter, a conversation (1:25), a webhook request (X-Chatwoot-Delivery)"
_EVERY = 2.0

Show = Callable[["Connection", argparse.Namespace], Awaitable[object]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `stats`, `show`, `retry`, `drop`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="what waits, runs, is put off or died")
    listed.add_argument("--state", choices=STATES, help="only these (default: all)")
    listed.add_argument("--account", metavar="KEY", help="only this account's")
    listed.add_argument("--lane", choices=("high", "normal"), help="only this lane's")
    listed.add_argument("--limit", type=_count, default=200, metavar="N", help="of each state (default: 200; 0: all)")
    stats = actions.add_parser("stats", help="all of it in numbers")
    shown = actions.add_parser("show", help="one conversation, step by step")
    for action in (listed, stats, shown):
        takes_json(action)
        action.add_argument(
            "--watch",
            type=float,
            nargs="?",
            const=_EVERY,
            metavar="SECONDS",
            help=f"again and again (every {_EVERY:g})",
        )
    retry = actions.add_parser("retry", help="answer dead letters after all; run at once what was put off")
    retry.add_argument("--hand-back", action="store_true", help="take the conversation back from people first")
    retry.add_argument("--force", action="store_true", help="do not ask Chatwoot who owns the conversation")
    drop = actions.add_parser("drop", help="give up what a conversation has to do, or throw a dead letter away")
    drop.add_argument("--yes", action="store_true", help="do not ask")
    for action in (shown, retry, drop):
        action.add_argument("what", help=_WHAT)
        takes_config(action)


def _count(word: str) -> int:
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"{word} is no count")
    return int(word)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 where it cannot be done."""
    from ops.access import with_redis
    from ops.jobs import job_actions, job_views

    looks: dict[str, tuple[Show, Callable[[object], None]]] = {
        "list": (job_views.list_jobs, job_views.print_jobs),
        "stats": (job_views.read_numbers, job_views.print_numbers),
        "show": (job_views.read_life, job_views.print_life),
    }
    if arguments.action in looks:
        show, tell = looks[arguments.action]
        return with_redis(lambda connection: _look(connection, arguments, show, tell))
    act = {"retry": job_actions.retry, "drop": job_actions.drop}[arguments.action]
    return with_redis(lambda connection: act(connection, arguments))


async def _look(
    connection: "Connection", arguments: argparse.Namespace, show: Show, tell: Callable[[object], None]
) -> int:
    import orjson

    from chatwootai.stores.server.connection import StoreUnavailable
    from ops.access import away_message

    while True:
        try:
            found = await show(connection, arguments)
        except StoreUnavailable as error:
            if not arguments.watch:
                raise
            complain(f"{time.strftime('%H:%M:%S')} {away_message(error)}")  # a watcher sees it come back
            await asyncio.sleep(max(0.1, arguments.watch))
            continue
        if arguments.json:
            # orjson: ten thousand jobs in a few milliseconds. Watched, a line each time, for whoever reads lines.
            option = orjson.OPT_NON_STR_KEYS | (0 if arguments.watch else orjson.OPT_INDENT_2)
            print(orjson.dumps(found, option=option).decode())
        else:
            _fresh_page(arguments)
            tell(found)
        if not arguments.watch:
            return 0
        sys.stdout.flush()
        await asyncio.sleep(max(0.1, arguments.watch))


def _fresh_page(arguments: argparse.Namespace) -> None:
    if arguments.watch and sys.stdout.isatty():
        print("\x1b[H\x1b[2J", end="")
    if arguments.watch:
        print(time.strftime("%H:%M:%S"))

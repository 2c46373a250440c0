"""`chatwootai jobs`: what waits, runs and died; one conversation's life; and hands to put things right."""

import argparse
import asyncio
import contextlib
import io
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ops.options import a_count, an_interval, takes_bulk, takes_config, takes_json, takes_selection, takes_yes
from ops.parsing import add_action
from ops.printing import Changes, as_json, complain

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

SUMMARY = "list what waits, runs, is put off or died; show, retry or drop one"
EXAMPLES = """\
  chatwootai jobs stats --watch
  chatwootai jobs list --state dead
  chatwootai jobs show 1:25                the life of conversation 25 of account 1, step by step
  chatwootai jobs retry 1:25 --hand-back   have its dead letters answered after all
  chatwootai jobs drop 1:25                give up what it still has to do"""
DEFAULT = "stats"
STATES = ("waiting", "running", "scheduled", "dead", "handed-over", "answered")
_DEAD = "dead letters"
_RETRIED = {"dead": _DEAD, "scheduled": "what was put off"}
_DROPPED = {"dead": _DEAD, "scheduled": "what was put off", "waiting": "what waits for a worker"}
_WHAT = (
    "a conversation (1:25, or its address in Chatwoot), a contact's phone or mail, a message's id, "
    "a job (turn:1:25:3), a turn or dead letter, a webhook request (X-Chatwoot-Delivery)"
)
_RETRY_EXAMPLES = """\
  chatwootai jobs retry 1:25 --hand-back
  chatwootai jobs retry --cause 401 --since 2h --dry-run
  chatwootai jobs retry --account 1 --rate 5 --yes"""
_DROP_EXAMPLES = """\
  chatwootai jobs drop 1:25 --yes
  chatwootai jobs drop --account 1 --until 2d --dry-run"""
_EVERY = 2.0

Show = Callable[["Connection", argparse.Namespace], Awaitable[object]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `stats` (default), `show`, `retry`, `drop`, `hand-over`, `give-back`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "list what waits, runs, is put off or died"
    listed = add_action(actions, "list", what, "chatwootai jobs list --state dead --account 1")
    listed.add_argument("--state", choices=STATES, help="only these (default: all but the last two)")
    takes_selection(listed)
    takes_config(listed)
    listed.add_argument("--lane", choices=("high", "normal"), help="only this lane's")
    listed.add_argument("--limit", type=a_count, default=200, metavar="N", help="of each state (default: 200; 0: all)")
    stats = add_action(actions, "stats", "count what waits, runs and died", "chatwootai jobs stats --watch")
    shown = add_action(actions, "show", "show one conversation, step by step", "chatwootai jobs show 1:25 --watch 5")
    for action in (listed, stats, shown):
        takes_json(action, names=action is listed)
        action.add_argument(
            "--watch",
            type=an_interval,
            nargs="?",
            const=_EVERY,
            metavar="SECONDS",
            help=f"again and again (every {_EVERY:g}); what is new or changed is marked",
        )
    retry, drop = _add_answering(actions)
    shown.add_argument("what", help=_WHAT)
    what = "give a conversation to people: Chatwoot opens it"
    hand_over = add_action(actions, "hand-over", what, "chatwootai jobs hand-over 1:25")
    what = "give a conversation back to the crew: it answers what comes next"
    give_back = add_action(actions, "give-back", what, "chatwootai jobs give-back 1:25")
    for action in (hand_over, give_back):
        action.add_argument("what", help="a conversation (1:25)")
    for action in (shown, retry, drop, hand_over, give_back):
        takes_config(action)


def _add_answering(
    actions: "argparse._SubParsersAction[Any]",
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Add `retry` and `drop`, which act on one conversation or on all of a state."""
    what = "answer dead letters after all; run at once what was put off"
    retry = add_action(
        actions,
        "retry",
        what,
        "chatwootai jobs retry 1:25 --hand-back\nchatwootai jobs retry --cause 401 --since 2h --dry-run",
    )
    retry.add_argument("--hand-back", action="store_true", help="take the conversation back from people first")
    retry.add_argument("--force", action="store_true", help="do not ask Chatwoot who owns the conversation")
    what = "give up what a conversation has to do, or throw a dead letter away"
    drop = add_action(
        actions, "drop", what, "chatwootai jobs drop 1:25 --yes\nchatwootai jobs drop --account 1 --until 2d --yes"
    )
    for action, states in ((retry, _RETRIED), (drop, _DROPPED)):
        takes_yes(action)
        takes_bulk(action, "all of that state", states)
        action.add_argument("what", nargs="?", help=_WHAT)
    return retry, drop


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 where it cannot be done."""
    from ops.access import with_redis
    from ops.jobs import bulk, conversation_view, job_actions, job_views, numbers
    from ops.jobs.ownership import change_owner

    looks: dict[str, tuple[Show, Callable[[object], None]]] = {
        "list": (job_views.list_jobs, job_views.print_jobs),
        "stats": (numbers.read_numbers, numbers.print_numbers),
        "show": (conversation_view.read_life, conversation_view.print_life),
    }
    if arguments.action in looks:
        show, tell = looks[arguments.action]
        return with_redis(lambda connection: _look(connection, arguments, show, tell))
    if arguments.action in {"hand-over", "give-back"}:
        return with_redis(lambda connection: change_owner(connection, arguments))
    if bulk.is_bulk(arguments):
        act = {"retry": bulk.retry_selected, "drop": bulk.drop_selected}[arguments.action]
    else:
        act = {"retry": job_actions.retry, "drop": job_actions.drop}[arguments.action]
    return with_redis(lambda connection: act(connection, arguments))


async def _look(
    connection: "Connection", arguments: argparse.Namespace, show: Show, tell: Callable[[object], None]
) -> int:
    import orjson

    from chatwootai.stores.server.connection import StoreUnavailable
    from ops.access import away_message
    from ops.jobs.job_views import account_key, rows_of

    if arguments.action == "list":
        arguments.account = await account_key(connection, arguments)
    changes = Changes()
    while True:
        try:
            found = await show(connection, arguments)
        except StoreUnavailable as error:
            if not arguments.watch:
                raise
            complain(f"{time.strftime('%H:%M:%S')} {away_message(error)}")  # a watcher sees it come back
            await asyncio.sleep(max(0.1, arguments.watch))
            continue
        if arguments.output == "json":
            # orjson: ten thousand jobs in a few milliseconds. Watched, a line each time.
            option = orjson.OPT_NON_STR_KEYS | (0 if arguments.watch else orjson.OPT_INDENT_2)
            print(orjson.dumps(found, option=option).decode())
        elif arguments.json:
            as_json(rows_of(found), "name")
        elif not arguments.watch:
            tell(found)
        else:
            _print_page(tell, found, changes)
        if not arguments.watch:
            return 0
        sys.stdout.flush()
        await asyncio.sleep(max(0.1, arguments.watch))


def _print_page(tell: Callable[[object], None], found: object, changes: Changes) -> None:
    """Print a page over the one before, with what differs marked."""
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        tell(found)
    if sys.stdout.isatty():
        print("\x1b[H\x1b[2J", end="")
    print(time.strftime("%H:%M:%S"))
    print(changes.mark(page.getvalue()), end="")
